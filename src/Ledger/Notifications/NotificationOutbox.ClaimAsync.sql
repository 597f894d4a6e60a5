with due as (
    select notification_id
    from ledger.notifications
    where kind = $1 and next_attempt_at <= clock_timestamp()
    order by next_attempt_at
    limit $2
    for update skip locked),
current as (
    select n.notification_id, case n.kind when 'mail' then b.data ->> 'ownerMail' else b.data ->> 'webhookUrl' end as recipient, d.data::text as status, s.sealed
    from due
    join ledger.notifications n using (notification_id)
    join ledger.mt_doc_bot b on b.id = n.bot_stream
    join ledger.mt_doc_jobstatus d on d.id = n.job_id
    left join ledger.webhook_secrets s on s.bot_id = n.bot_id and n.kind = 'webhook')
update ledger.notifications n
set attempts = n.attempts + 1, next_attempt_at = clock_timestamp() + $3, recipient = coalesce(c.recipient, n.recipient),
    message_id = coalesce(n.message_id, $4 || n.notification_id || $5)
from current c
where n.notification_id = c.notification_id
returning n.notification_id, n.job_id, n.bot_id, c.recipient, n.message_id, n.attempts, c.status, c.sealed
