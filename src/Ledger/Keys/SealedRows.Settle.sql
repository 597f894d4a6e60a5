update ledger.job_manifest
set outcomes = $4, open_count = $5
where job_id = $1 and row_number = $2 and outcomes = $3
