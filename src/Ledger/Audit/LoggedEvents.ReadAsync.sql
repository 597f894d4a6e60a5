select r.first_index, r.count, r.stream_id, r.first_version, s.type, e.version, e.type,
    -- What a program can read as an instant. Another one cannot have been logged, and is told as a change.
    least(greatest(e.timestamp, timestamptz '0001-01-01 00:00Z'), timestamptz '9999-12-31 23:59:59.999999Z'),
    e.data::text
from ledger.log_runs r
left join ledger.mt_streams s on s.id = r.stream_id
left join ledger.mt_events e on e.stream_id = r.stream_id and e.version >= r.first_version and e.version < r.first_version + r.count
where r.first_index >= (select coalesce(max(before.first_index), 0) from ledger.log_runs before where before.first_index <= $1)
order by r.first_index, e.version
