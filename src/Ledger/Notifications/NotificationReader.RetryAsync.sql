update ledger.notifications
set attempts = 0, given_up_at = null, next_attempt_at = clock_timestamp()
where sent_at is null
  and (notification_id = any($1) or ($1 is null and given_up_at is not null))
  and ($2 is null or bot_id = any($2))
