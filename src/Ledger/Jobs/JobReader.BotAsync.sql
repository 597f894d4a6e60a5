select bot_id from ledger.job_list where job_id = $1
