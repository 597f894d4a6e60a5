-- The oldest rows of the queue up to the one that reaches $1 events, with their events: whether they are in the log already, whether more
-- is waiting, and which bot the stream's first event names, where that is an earlier one.
select q.position, q.stream_id, q.first_version, q.last_version, q.type, q.is_logged, q.is_more, e.version, e.type, e.timestamp, e.data,
    q.first_event
from (
    select o.position, o.stream_id, o.first_version, o.last_version,
        (select s.type from ledger.mt_streams s where s.id = o.stream_id) as type,
        case when o.first_version > 1 then (
            select jsonb_build_object('bot', f.data -> 'bot')::text
            from ledger.mt_events f where f.stream_id = o.stream_id and f.version = 1) end as first_event,
        coalesce((
            select r.first_version + r.count > o.first_version
            from ledger.log_runs r
            where r.stream_id = o.stream_id and r.first_version <= o.last_version
            order by r.first_version desc
            limit 1), false) as is_logged,
        o.ahead + o.last_version - o.first_version + 1 >= $1 as is_more
    from (
        select l.*, sum(last_version - first_version + 1) over (order by position) - (last_version - first_version + 1) as ahead
        from (
            select position, stream_id, first_version, last_version
            from ledger.log_queue where position > $2 order by position limit $1) l) o
    where o.ahead < $1
    order by o.position) q
left join lateral (
    select version, type, timestamp, data::text as data
    from ledger.mt_events
    where stream_id = q.stream_id and version between q.first_version and q.last_version
    order by version) e on true
order by q.position, e.version
