-- The clock is asked once: an index is no help where it would be asked for each row.
select clock.now, least(due.jobs, 2)::int, held.others, next.planned_at
from (select clock_timestamp() as now offset 0) clock
cross join lateral (
    select count(*) as jobs
    from (
        select
        from ledger.mt_doc_job j
        left join ledger.job_work w on w.job_id = j.id
        where j.status = 'queued' and j.window_name = $1 and j.planned_at <= clock.now
            and (w.not_before is null or w.not_before <= clock.now)
        order by j.planned_at, j.submitted_at, j.id
        limit 2) j) due
cross join lateral (
    select exists (
        select
        from pg_locks l
        where l.locktype = 'advisory' and l.classid::bigint = $2::bigint & 4294967295 and l.objid <> $3::int::oid and l.objsubid = 2
            and l.database = (select oid from pg_database where datname = current_database()) and l.granted) as others) held
left join lateral (
    select j.planned_at
    from ledger.mt_doc_job j
    where j.status = 'queued' and j.window_name = $1 and j.planned_at > clock.now
    order by j.planned_at, j.submitted_at, j.id
    limit 1) next on true
