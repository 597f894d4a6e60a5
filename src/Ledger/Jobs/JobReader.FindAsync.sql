select j.bot, j.client, d.data::text, (j.data -> 'case' ->> 'dueOn')::date
from ledger.mt_doc_job j
join ledger.mt_doc_jobstatus d on d.id = j.id
where j.id = $1
