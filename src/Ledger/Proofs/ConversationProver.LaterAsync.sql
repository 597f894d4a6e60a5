-- From the end: what failed until then is few, and the last attempt has all that is still open.
select version
from ledger.mt_events
where stream_id = $1 and version > $2 and (data -> 'ordinal')::bigint = $3
order by version desc
limit 1
