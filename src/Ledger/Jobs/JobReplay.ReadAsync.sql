select version, type, data::text, timestamp
from ledger.mt_events
where stream_id = $1 and version > $2 and version <= $3
order by version
limit $4
