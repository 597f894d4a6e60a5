select origin, size, root, clock_timestamp() from ledger.log_state for update skip locked
