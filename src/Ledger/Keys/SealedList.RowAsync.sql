select sealed from ledger.job_manifest where job_id = $1 and row_number = $2
