select exists (
    select
    from pg_locks l
    where l.locktype = 'advisory' and l.classid::bigint = $1::bigint & 4294967295 and l.objid <> $2::int::oid and l.objsubid = 2
        and l.database = (select oid from pg_database where datname = current_database()) and l.granted)
