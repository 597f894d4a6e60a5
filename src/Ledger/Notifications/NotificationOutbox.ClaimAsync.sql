with due as (
    select notification_id, kind, job_id, bot_id, bot_stream
    from ledger.notifications
    -- "is not null" says to the planner that these are few: most were sent.
    where kind = $1 and next_attempt_at is not null and next_attempt_at <= (select clock_timestamp())
    order by next_attempt_at
    limit $2
    for update skip locked),
-- Each is looked up by its key: "limit" keeps the planner from joining whole tables instead.
current as (
    select due.notification_id, b.recipient, d.status, s.sealed
    from due
    cross join lateral (
        select case due.kind when 'mail' then data ->> 'ownerMail' else data ->> 'webhookUrl' end as recipient
        from ledger.mt_doc_bot
        where id = due.bot_stream
        limit 1) b
    cross join lateral (select data::text as status from ledger.mt_doc_jobstatus where id = due.job_id limit 1) d
    left join lateral (select sealed from ledger.webhook_secrets where bot_id = due.bot_id and due.kind = 'webhook' limit 1) s on true)
update ledger.notifications n
set attempts = n.attempts + 1, next_attempt_at = clock_timestamp() + $3, recipient = coalesce(c.recipient, n.recipient),
    message_id = coalesce(n.message_id, $4 || n.notification_id || $5)
from current c
where n.notification_id = c.notification_id
returning n.notification_id, n.job_id, n.bot_id, c.recipient, n.message_id, n.attempts, c.status, c.sealed
