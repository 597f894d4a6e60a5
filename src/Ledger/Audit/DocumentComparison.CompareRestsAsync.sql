select job_id, roots from ledger.job_manifest_rest where job_id = any ($1)
