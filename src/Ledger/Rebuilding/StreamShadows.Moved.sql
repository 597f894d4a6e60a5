-- An append is queued for the log in its own transaction, and goes from the queue to the map in one: no stream that moved on is in neither.
select s.id, s.type, coalesce(s.version, 0), coalesce(f.version, 0)
from (select stream_id from ledger.log_runs where first_index >= $1 union select stream_id from ledger.log_queue) m
join ledger.mt_streams s on s.id = m.stream_id
left join pg_temp.folded_streams f on f.id = s.id
where coalesce(s.type, '') <> all ($2) and s.version is distinct from f.version and not exists (select from pg_temp.left_alone a where a.id = s.id)
