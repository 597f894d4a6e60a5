-- The function is migration 0005's.
select job, planned_at, submitted_at from ledger.lock_due_job($1, $2, $3, $4)
