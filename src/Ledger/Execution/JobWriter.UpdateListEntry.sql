update ledger.job_list set status = $2 where job_id = $1
