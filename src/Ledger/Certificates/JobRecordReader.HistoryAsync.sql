-- A job's events in order, read as they come.
select version, type, data::text,
    -- What a program can read as an instant. Another one is outside of every opening.
    least(greatest(timestamp, timestamptz '0001-01-01 00:00Z'), timestamptz '9999-12-31 23:59:59.999999Z')
from ledger.mt_events
where stream_id = $1
order by version
