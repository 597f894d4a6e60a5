-- It waited for another window, and has one.
update ledger.job_work set not_before = null where job_id = $1
