select notification_id, kind, job_id, bot_id, recipient,
    case when sent_at is not null then 'sent' when given_up_at is not null then 'undeliverable' when last_error is not null then 'retrying' else 'waiting' end,
    attempts, coalesce(sent_at, given_up_at, next_attempt_at), last_error
from ledger.notifications
where not $1 or (sent_at is null and last_error is not null)
order by queued_at desc, notification_id
limit $2
