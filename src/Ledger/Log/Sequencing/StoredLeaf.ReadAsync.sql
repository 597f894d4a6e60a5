-- The leaves [$1, $2): of each run that overlaps, the part that does, with its events.
select r.first_index + (e.version - r.first_version), r.stream_id,
    (select s.type from ledger.mt_streams s where s.id = r.stream_id), e.version, e.type, e.timestamp, e.data
from ledger.log_runs r
left join lateral (
    select version, type, timestamp, data::text as data
    from ledger.mt_events
    where stream_id = r.stream_id and version between r.first_version + greatest($1 - r.first_index, 0)
        and r.first_version + least($2 - r.first_index, r.count) - 1
    order by version) e on true
where r.first_index < $2 and r.first_index >= coalesce((select max(first_index) from ledger.log_runs where first_index <= $1), 0)
order by r.first_index, e.version
