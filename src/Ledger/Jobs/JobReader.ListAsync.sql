select d.data::text, l.submitted_at, l.job_id
from ledger.job_list l
join ledger.mt_doc_jobstatus d on d.id = l.job_id
where l.bot_id = $1
  and ($2 is null or l.status = $2)
  and ($3 is null or (l.submitted_at, l.job_id) < ($3, $4))
order by l.submitted_at desc, l.job_id desc
limit $5
