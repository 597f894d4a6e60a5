-- All of a job's events but the outcomes of its conversations: a handful, whatever the job's size.
select version, type, data::text, timestamp
from ledger.mt_events
where stream_id = $1
  and (type not in ('conversation_deleted', 'conversation_skipped', 'failed') or (type = 'failed' and not data ? 'ordinal'))
order by version
