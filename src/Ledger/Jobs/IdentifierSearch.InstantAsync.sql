select timestamp
from ledger.mt_events
where stream_id = $1 and type in ('conversation_deleted', 'conversation_skipped', 'failed') and (data->>'ordinal')::bigint = $2
order by version desc
limit 1
