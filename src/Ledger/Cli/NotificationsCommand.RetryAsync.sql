update ledger.notifications
set attempts = 0, given_up_at = null, next_attempt_at = clock_timestamp()
where sent_at is null and (($1 and given_up_at is not null) or notification_id = any($2))
