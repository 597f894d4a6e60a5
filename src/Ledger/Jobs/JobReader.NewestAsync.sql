select j.bot, j.client, d.data::text, (j.data -> 'case' ->> 'dueOn')::date
from ledger.mt_doc_job j
join ledger.mt_doc_jobstatus d on d.id = j.id
where ($1 is null or j.bot = $1)
  and ($2 is null or j.status = $2)
  and ($3 is null or d.data ->> 'phase' = $3)
  and ($5 is null or (j.status = 'queued' and (j.data -> 'case' ->> 'dueOn')::date <= $5))
order by j.submitted_at desc, j.id desc
limit $4
