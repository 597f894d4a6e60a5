update ledger.deliveries
set last_error = $3, next_attempt_at = clock_timestamp() + $4, given_up_at = case when $4 is null then clock_timestamp() end
where delivery_id = $1 and attempts = $2 and next_attempt_at is not null
