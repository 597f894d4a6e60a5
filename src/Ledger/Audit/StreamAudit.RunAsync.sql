select e.stream_id, s.type, s.version, e.version, e.type, e.data::text,
    -- What a program can read as an instant. Another one cannot have been logged, and is told as a change.
    least(greatest(e.timestamp, timestamptz '0001-01-01 00:00Z'), timestamptz '9999-12-31 23:59:59.999999Z')
from ledger.mt_events e
left join ledger.mt_streams s on s.id = e.stream_id
where $1 is null
    or e.stream_id in (
        select r.stream_id from ledger.log_runs r where r.first_index + r.count > $1
        union
        select q.stream_id from ledger.log_queue q)
order by e.stream_id, e.version
