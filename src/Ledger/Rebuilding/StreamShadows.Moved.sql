-- An append is queued for the log in its own transaction, and goes from the queue to the map in one: no stream that moved on is in neither. One that is merely in the log by
-- now has new entries in the change log.
select s.id, s.type, coalesce(s.version, 0), coalesce(f.version, 0)
from (
    select stream_id, bool_or(is_logged) as is_logged
    from (select stream_id, true from ledger.log_runs where first_index >= $1 union all select stream_id, false from ledger.log_queue) appended (stream_id, is_logged)
    group by stream_id) m
join ledger.mt_streams s on s.id = m.stream_id
left join pg_temp.folded_streams f on f.id = s.id
where coalesce(s.type, '') <> all ($2) and (m.is_logged or s.version is distinct from f.version) and not exists (select from pg_temp.left_alone a where a.id = s.id)
