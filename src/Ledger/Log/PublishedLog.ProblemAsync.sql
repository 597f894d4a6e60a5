-- Whether something waits for the log, and the log has not said for 10 s that it is up to date: an event in the queue or a tree that is
-- not published, or a started job.
select case when s.covered_until not between clock_timestamp() - interval '10 seconds' and clock_timestamp() + interval '10 seconds' and (
        exists (select from ledger.log_queue q where q.queued_at < pg_catalog.clock_timestamp() - interval '10 seconds')
        or (s.covered_until > '-infinity' and s.tree_size > coalesce(s.size, 0))
        or exists (
            select from ledger.mt_doc_job j
            where j.status = 'queued' and j.started_version is not null and j.planned_at <= clock_timestamp() - interval '10 seconds'))
    then 'it is behind, and deletions wait for it: nobody has published a checkpoint of all events since ' ||
        case when s.covered_until = '-infinity' then 'it got its name'
            else to_char(s.covered_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end ||
        '. Look at the logs of the nodes that write the log (any `ledger serve`)'
end
from ledger.published_log s
