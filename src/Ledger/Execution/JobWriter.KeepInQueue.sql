update ledger.job_queue
set window_name = $2, due_at = $3, version = $4, state = $5, resolving = $6, started_version = coalesce(started_version, $7),
    is_waiting_for_log = is_waiting_for_log or $7::bigint is not null
where job_id = $1
