select n.delivery_id, n.kind, n.job_id, n.bot_id, n.recipient, n.queued_at, n.message_id, n.attempts, n.next_attempt_at, n.last_error,
    n.sent_at, n.given_up_at, n.replayed_by, n.replayed_at, n.hold_id
from (select data ->> 'botId' as bot_id from ledger.mt_doc_bot where $1 is null or data ->> 'botId' = any($1)) b
cross join lateral (
    select *
    from ledger.deliveries
    where bot_id = b.bot_id
      and (not $2 or sent_at is null)
      and ($3 is null or (queued_at, delivery_id) < (select queued_at, delivery_id from ledger.deliveries where delivery_id = $3))
    order by queued_at desc, delivery_id desc
    limit $4) n
order by n.queued_at desc, n.delivery_id desc
limit $4
