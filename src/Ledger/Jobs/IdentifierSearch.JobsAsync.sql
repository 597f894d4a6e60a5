select l.id, l.bot, l.submitted_at, l.status, s.epoch, s.wrapped_key, s.sealed_request
from ledger.mt_doc_job l
left join ledger.job_secrets s on s.job_id = l.id
where $1 is null or l.bot = $1
order by l.submitted_at, l.id
