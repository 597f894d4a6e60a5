select job_id, conversations from ledger.hold_skips where hold_id = $1 order by job_id
