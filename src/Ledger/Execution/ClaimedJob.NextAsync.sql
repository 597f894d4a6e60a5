-- The functions are those of migration 0011. Each sees what is committed when it begins: what is read is of the version that was locked.
select l.job_id, l.version, l.state, l.status, l.resolving, l.epoch, l.wrapped_key, l.sealed_request, l.now, l.recorded_at
from ledger.locked_job(ledger.lock_due_job($1)) l
