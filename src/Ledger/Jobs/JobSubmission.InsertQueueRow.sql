insert into ledger.job_queue (job_id, bot_id, window_name, due_at, submitted_at, version, state) values ($1, $2, $3, $4, $5, $6, $7)
