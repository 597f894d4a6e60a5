select c.bot_id, c.stream_id, c.first_version, c.last_version, c.first_leaf, c.position,
    -- What a program can read as an instant. No event is logged with another one.
    least(greatest(c.created_at, timestamptz '0001-01-01 00:00Z'), timestamptz '9999-12-31 23:59:59.999999Z'), c.outcomes::text, c.id
from ledger.change_log c
where $1 is null
    or c.stream_id in (
        select r.stream_id from ledger.log_runs r where r.first_index + r.count > $1
        union
        select q.stream_id from ledger.log_queue q)
order by c.stream_id, c.first_version
