select l.bot_id, exists (select from ledger.job_queue q where q.job_id = l.job_id) or l.status = 'queued'
from ledger.job_list l
where l.job_id = $1
