-- The outcomes of a job's conversations, counted by the plan that was in force, by kind and by reason: one pass over the stream.
select plan, type, (data ->> 'attempt')::int, data ->> 'reason', count(*), count(*) filter (where data -> 'confirmedAbsent' = 'true'), min(timestamp), max(timestamp),
    coalesce(sum((data -> 'items' -> 'messages')::bigint), 0)::bigint, coalesce(sum((data -> 'items' -> 'transcripts')::bigint), 0)::bigint,
    coalesce(sum((data -> 'items' -> 'recordings')::bigint), 0)::bigint, coalesce(sum((data -> 'items' -> 'attachments')::bigint), 0)::bigint,
    coalesce(sum((data -> 'items' -> 'logs')::bigint), 0)::bigint
from (
    select type, data, timestamp, (count(*) filter (where type = 'scheduled') over (order by version rows unbounded preceding))::int as plan
    from ledger.mt_events
    where stream_id = $1
) e
where type in ('conversation_deleted', 'conversation_skipped', 'failed') and data ? 'ordinal'
group by 1, 2, 3, 4
order by 1, min(timestamp), 2, 4
