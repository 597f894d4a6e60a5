delete from ledger.job_queue where job_id = $1
