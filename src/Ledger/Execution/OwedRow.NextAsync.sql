select row_number, sealed, outcomes
from ledger.job_manifest
where job_id = $1 and row_number >= $2 and open_count > 0
order by row_number
limit 1
