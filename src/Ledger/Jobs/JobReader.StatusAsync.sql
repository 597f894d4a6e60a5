select d.data::text, l.status <> 'queued'
from ledger.job_list l
join ledger.mt_doc_jobstatus d on d.id = l.job_id
where l.job_id = $1 and l.bot_id = $2
