select array(select job_id from ledger.job_secrets where job_id = any ($1))
