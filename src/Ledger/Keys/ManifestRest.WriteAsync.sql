select row_number, subtree_root, case when row_number in ($2, $3) then sealed end
from ledger.job_manifest
where job_id = $1 and row_number >= $2
order by row_number
