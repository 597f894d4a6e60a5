select subtree_root from ledger.job_manifest where job_id = $1 order by row_number
