insert into ledger.job_secrets (job_id, epoch, wrapped_key, request_digest, sealed_request) values ($1, $2, $3, $4, $5)
