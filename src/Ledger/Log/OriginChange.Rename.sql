update ledger.log_state set origin = $1, covered_until = '-infinity'
