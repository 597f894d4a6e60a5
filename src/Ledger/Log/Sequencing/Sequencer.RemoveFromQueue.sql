delete from ledger.log_queue where position = any ($1)
