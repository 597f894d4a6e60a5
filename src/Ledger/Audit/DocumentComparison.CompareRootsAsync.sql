select job_id, size, subtree_root from ledger.job_manifest where job_id = any ($1) order by job_id, row_number
