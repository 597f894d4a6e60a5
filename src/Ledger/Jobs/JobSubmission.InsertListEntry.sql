insert into ledger.job_list (job_id, bot_id, client_id, submitted_at, status) values ($1, $2, $3, $4, $5)
