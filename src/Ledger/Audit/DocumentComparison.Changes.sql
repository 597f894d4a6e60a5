-- The entries of the change log, recomputed from events and leaves, against those that are stored; null beside what is only on one side.
with expected as (select * from ledger.change_log_of($1, array_fill(1::bigint, array[cardinality($1)]))),
found as (select * from ledger.change_log where stream_id = any ($1))
select coalesce(e.stream_id, f.stream_id), coalesce(to_jsonb(e)::text, 'none'), coalesce(to_jsonb(f)::text, 'none')
from expected e
full join found f on f.stream_id = e.stream_id and f.first_version = e.first_version
where to_jsonb(e) is distinct from to_jsonb(f)
order by coalesce(e.stream_id, f.stream_id), coalesce(e.first_version, f.first_version)
