select l.job_id
from ledger.job_list l
join ledger.job_secrets s on s.job_id = l.job_id
join ledger.mt_doc_jobstatus d on d.id = l.job_id
where l.bot_id = $1 and l.status <> 'queued'
    and l.submitted_at < clock_timestamp() - $2 -- what ended before then was submitted before: the index bounds the search
    and (d.data->>'completedAt')::timestamptz < clock_timestamp() - $2
limit $3
