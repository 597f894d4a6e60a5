-- A node that froze, or kept a message waiting for minutes, has lost it to another node and does not know. Who finds that the message is
-- not its own any more leaves it alone. Whose it is keeps it for some minutes more.
with own as (
    update wolverine.wolverine_incoming_envelopes
    set "timestamp" = clock_timestamp()
    where id = $5 and owner_id = $6 and status = 'Incoming'
    returning id)
update ledger.deliveries
set attempts = attempts + 1, next_attempt_at = clock_timestamp(), recipient = coalesce($2, recipient),
    message_id = coalesce(message_id, $3 || delivery_id || $4), envelope_id = coalesce($5, envelope_id)
where delivery_id = $1 and sent_at is null and given_up_at is null
  and ($5 is null or ((envelope_id is null or envelope_id = $5) and exists (select from own)))
returning attempts, message_id
