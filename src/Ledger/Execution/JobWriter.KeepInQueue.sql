update ledger.job_queue
set window_name = $2, due_at = $3, version = $4, state = $5, resolving = $6
where job_id = $1
