select outcomes from ledger.job_manifest where job_id = $1 and open_count > 0 order by row_number limit $2
