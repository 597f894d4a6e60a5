select j.id
from ledger.mt_doc_job j
join ledger.job_secrets s on s.job_id = j.id
where j.bot = $1 and j.status <> 'queued'
    and j.submitted_at < clock_timestamp() - $2 -- what ended before then was submitted before: the index bounds the search
    and (j.data ->> 'recordedAt')::timestamptz < clock_timestamp() - $2 -- its last event is its end
limit $3
