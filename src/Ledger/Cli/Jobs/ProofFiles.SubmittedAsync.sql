select d.data::text
from ledger.mt_doc_job l
join ledger.mt_doc_jobstatus d on d.id = l.id
where l.bot = $1 and l.submitted_at between $2 and $3
order by l.submitted_at, l.id
