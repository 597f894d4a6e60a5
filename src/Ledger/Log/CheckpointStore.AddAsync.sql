insert into ledger.log_checkpoints (origin, size, root, note, signed_at) values ($1, $2, $3, $4, clock_timestamp())
