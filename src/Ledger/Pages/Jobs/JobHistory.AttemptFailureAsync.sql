select data ->> 'reason'
from ledger.mt_events
where stream_id = $1 and type = 'failed' and not data ? 'ordinal'
order by version desc
limit 1
