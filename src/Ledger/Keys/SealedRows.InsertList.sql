insert into ledger.job_manifest (job_id, row_number, size, subtree_root, sealed, outcomes, open_count)
values ($1, $2, $3, $4, $5, $6, $3)
