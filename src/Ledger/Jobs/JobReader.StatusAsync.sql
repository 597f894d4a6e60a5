-- The case only for the client that sent it, and what it takes to open the reference only where there is one.
select d.data::text, j.status <> 'queued', j.planned_at, case when j.client = $3 then j.data ->> 'case' end, s.epoch, s.wrapped_key,
    s.sealed_request
from ledger.mt_doc_job j
join ledger.mt_doc_jobstatus d on d.id = j.id
left join ledger.job_secrets s on s.job_id = j.id and j.client = $3 and (j.data -> 'case' ->> 'hasReference')::boolean
where j.id = $1 and j.bot = $2
