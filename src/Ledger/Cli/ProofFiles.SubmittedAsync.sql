select d.data::text
from ledger.job_list l
join ledger.mt_doc_jobstatus d on d.id = l.job_id
where l.bot_id = $1 and l.submitted_at between $2 and $3
order by l.submitted_at, l.job_id
