select l.bot_id, l.client_id, d.data::text
from ledger.job_list l
join ledger.mt_doc_jobstatus d on d.id = l.job_id
where l.job_id = $1
