select d.data::text, j.status <> 'queued', j.planned_at
from ledger.mt_doc_job j
join ledger.mt_doc_jobstatus d on d.id = j.id
where j.id = $1 and j.bot = $2
