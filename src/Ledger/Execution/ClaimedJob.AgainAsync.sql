select l.job_id, l.version, l.state, l.status, l.resolving, l.epoch, l.wrapped_key, l.sealed_request, l.now, l.recorded_at
from ledger.locked_job((select q.job_id from ledger.job_queue q where q.job_id = $1 and q.version = $2 for update skip locked)) l
