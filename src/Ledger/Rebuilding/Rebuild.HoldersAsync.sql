select string_agg(distinct l.pid || coalesce(' "' || nullif(a.application_name, '') || '"', ''), ', ')
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
where l.relation = any ($1::regclass[]) and l.granted and l.pid <> pg_backend_pid()
  and l.mode in ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
