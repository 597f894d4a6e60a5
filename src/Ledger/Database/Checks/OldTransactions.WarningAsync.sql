select l.virtualtransaction, l.pid
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'virtualxid' and a.datname = current_database() and l.pid <> pg_backend_pid()
    and a.usesysid is not null -- a vacuum of the server's own keeps nothing back
