update ledger.job_queue set due_at = clock_timestamp() + $3 where job_id = $1 and version = $2
