-- The function is migration 0005's.
select s.now, s.due, exists (
        select
        from pg_locks l
        where l.locktype = 'advisory' and l.classid::bigint = $2::bigint & 4294967295 and l.objid <> $3::int::oid and l.objsubid = 2
            and l.database = (select oid from pg_database where datname = current_database()) and l.granted) as others,
    s.next
from ledger.window_state($1) s
