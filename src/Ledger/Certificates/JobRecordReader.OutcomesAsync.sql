-- The outcomes of a job's conversations, counted by kind and reason under each of its plans ($2: the plans' versions; $3: the last before
-- the next). It reads each event once, and sorts none.
select p.plan, o.*
from unnest($2, $3) with ordinality as p (first, last, plan)
cross join lateral (
    select type, data ->> 'reason' as reason, count(*), count(*) filter (where data -> 'confirmedAbsent' = 'true'),
        min(timestamp), max(timestamp),
        coalesce(sum((data -> 'items' -> 'messages')::bigint), 0)::bigint,
        coalesce(sum((data -> 'items' -> 'transcripts')::bigint), 0)::bigint,
        coalesce(sum((data -> 'items' -> 'recordings')::bigint), 0)::bigint,
        coalesce(sum((data -> 'items' -> 'attachments')::bigint), 0)::bigint,
        coalesce(sum((data -> 'items' -> 'logs')::bigint), 0)::bigint
    from ledger.mt_events
    where stream_id = $1 and version between p.first and p.last
        and type in ('conversation_deleted', 'conversation_skipped', 'failed') and data ? 'ordinal'
    group by type, reason
) o
order by p.plan, o.type, o.reason
