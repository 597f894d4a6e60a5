-- The function is migration 0005's.
select job, planned_at, submitted_at, is_started from ledger.lock_due_job($1, $2, $3, $4, $5, $6, $7, $8)
