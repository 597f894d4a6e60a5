update ledger.deliveries
set sent_at = clock_timestamp(), next_attempt_at = null, given_up_at = null, last_error = null
where delivery_id = $1 and sent_at is null
