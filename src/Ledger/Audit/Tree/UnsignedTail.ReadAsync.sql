-- The events from leaf $1 on and those in the queue: how many are queued, when the oldest was recorded, and whether that is long ago.
-- An instant that is still to come is no reason to wait.
with tail (at) as (
    select e.timestamp
    from ledger.log_runs r
    join ledger.mt_events e on e.stream_id = r.stream_id
        and e.version >= r.first_version + greatest($1 - r.first_index, 0) and e.version < r.first_version + r.count
    where r.first_index >= (select coalesce(max(before.first_index), 0) from ledger.log_runs before where before.first_index <= $1)
    union all
    select q.queued_at from ledger.log_queue q
    union all
    select e.timestamp
    from ledger.log_queue q
    join ledger.mt_events e on e.stream_id = q.stream_id and e.version between q.first_version and q.last_version),
-- What a program can read as an instant.
bounded (at) as (select least(greatest(at, timestamptz '0001-01-02 00:00Z'), timestamptz '9999-12-30 00:00Z') from tail)
select (select coalesce(sum(q.last_version - q.first_version + 1), 0)::bigint from ledger.log_queue q),
    (select min(at) from bounded),
    coalesce((select min(at) < $2::timestamptz - $3 or max(at) > $2::timestamptz + $3 from bounded), false)
