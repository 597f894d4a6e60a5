with made as (
    insert into wolverine.wolverine_incoming_envelopes (id, status, owner_id, attempts, body, message_type, received_at)
    values ($2, 'Incoming', 0, 0, $3, $4, $5)
    returning id)
update ledger.deliveries set envelope_id = made.id from made where delivery_id = $1
