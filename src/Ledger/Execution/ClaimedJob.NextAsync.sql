select q.job_id, q.version, q.state, d.data::text, q.resolving, s.epoch, s.wrapped_key, s.sealed_request, clock_timestamp()
from ledger.job_queue q
-- The versions must agree: a row that another lane changed since this statement's snapshot is locked in its new form, but d is read in its old one.
join ledger.mt_doc_jobstatus d on d.id = q.job_id and d.mt_version = q.version
left join ledger.job_secrets s on s.job_id = q.job_id
where q.window_name = $1 and q.due_at <= clock_timestamp() and ($2 is null or q.job_id = $2)
order by q.due_at, q.submitted_at, q.job_id
limit 1
for update of q skip locked
