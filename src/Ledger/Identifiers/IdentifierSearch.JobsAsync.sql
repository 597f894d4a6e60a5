select l.job_id, l.bot_id, l.submitted_at, l.status, s.epoch, s.wrapped_key, s.sealed_request
from ledger.job_list l
left join ledger.job_secrets s on s.job_id = l.job_id
where $1 is null or l.bot_id = $1
order by l.submitted_at, l.job_id
