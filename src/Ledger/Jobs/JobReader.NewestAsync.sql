select l.bot_id, l.client_id, d.data::text
from ledger.job_list l
join ledger.mt_doc_jobstatus d on d.id = l.job_id
where ($1 is null or l.bot_id = $1)
  and ($2 is null or l.status = $2)
  and ($3 is null or d.data ->> 'phase' = $3)
order by l.submitted_at desc, l.job_id desc
limit $4
