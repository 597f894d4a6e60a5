select client_id from ledger.job_list where job_id = $1 and bot_id = $2
