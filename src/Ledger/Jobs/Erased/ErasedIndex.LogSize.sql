select size from ledger.log_state
