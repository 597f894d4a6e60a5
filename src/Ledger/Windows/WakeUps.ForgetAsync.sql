delete from ledger.window_wakes where window_name = $1 and at <= clock_timestamp()
