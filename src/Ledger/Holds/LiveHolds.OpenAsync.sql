select job_id, epoch, wrapped_key, sealed_request from ledger.job_secrets where job_id = any ($1)
