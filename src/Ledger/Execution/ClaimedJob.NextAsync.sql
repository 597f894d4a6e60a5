select q.job_id, q.version, q.state, d.data::text, q.resolving, s.epoch, s.wrapped_key, s.sealed_request, clock_timestamp()
from ledger.job_queue q
join ledger.mt_doc_jobstatus d on d.id = q.job_id
left join ledger.job_secrets s on s.job_id = q.job_id
where q.window_name = $1 and q.due_at <= clock_timestamp()
order by q.due_at, q.job_id
limit 1
for update of q skip locked
