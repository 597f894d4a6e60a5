select q.job_id, q.version, q.state, d.data::text, q.resolving, s.epoch, s.wrapped_key, s.sealed_request, clock_timestamp(), t.timestamp
from ledger.job_queue q
-- The versions must agree: a row that another lane changed since this statement's snapshot is locked in its new form, but d and t are read in their old ones.
join ledger.mt_doc_jobstatus d on d.id = q.job_id and d.mt_version = q.version
join ledger.mt_streams t on t.id = q.job_id and t.version = q.version
left join ledger.job_secrets s on s.job_id = q.job_id
where q.window_name = $1 and q.due_at <= clock_timestamp() and ($2 is null or q.job_id = $2)
    -- Nothing is deleted before the log has committed to what: a started job waits for a published checkpoint that covers its Started, in a log
    -- that is not behind. Where the planned opening has ended there is nothing to delete, only a new plan.
    and (q.started_version is null
        or (q.state -> 'window' ->> 'closes')::timestamptz <= clock_timestamp()
        or ((select l.covered_until between clock_timestamp() - interval '10 seconds' and clock_timestamp() + interval '10 seconds' from ledger.log_state l)
            and exists (
                select from ledger.log_runs r
                where r.stream_id = q.job_id and r.first_version <= q.started_version and q.started_version < r.first_version + r.count
                    and r.first_index + (q.started_version - r.first_version) < (
                        select max(c.size) from ledger.log_checkpoints c join ledger.log_state l on l.origin = c.origin where c.published_at is not null))))
order by q.due_at, q.submitted_at, q.job_id
limit 1
for update of q skip locked
