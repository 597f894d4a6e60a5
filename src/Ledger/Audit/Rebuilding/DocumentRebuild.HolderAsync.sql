select string_agg(l.pid::text, ', ' order by l.pid)
from pg_locks l
where l.locktype = 'transactionid' and l.granted and l.transactionid = (select s.xmax from ledger.mt_streams s where s.id = $1)
