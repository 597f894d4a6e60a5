-- Batches of outcomes that follow each other are one row; every other event is one of its own. A job of 100 million conversations has as
-- many batches as are read here at most.
with entries as (
    select first_version, last_version, first_leaf, position, created_at, outcomes,
        count(*) filter (where outcomes is null) over (order by first_version) as events_before
    from (select * from ledger.change_log where stream_id = $1 order by first_version limit 100000) read),
folded as (
    select min(first_version) as first_version, max(last_version) as last_version,
        min(first_leaf) as first_leaf, max(position) as last_leaf,
        min(created_at) as began_at, max(created_at) as ended_at, count(outcomes) as batches,
        coalesce(sum((outcomes ->> 'deleted')::bigint), 0)::bigint as deleted,
        coalesce(sum((outcomes ->> 'failed')::bigint), 0)::bigint as failed,
        coalesce(sum((select sum(s.value::bigint) from jsonb_each_text(outcomes -> 'skipped') s)), 0)::bigint as skipped
    from entries
    group by events_before, outcomes is null)
select f.first_version, f.last_version, f.first_leaf, f.last_leaf, f.began_at, f.ended_at, f.batches, f.deleted, f.failed, f.skipped,
    e.type, e.data::text
from folded f
left join ledger.mt_events e on f.batches = 0 and e.stream_id = $1 and e.version = f.first_version
order by f.first_version
