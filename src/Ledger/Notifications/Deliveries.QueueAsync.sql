insert into ledger.deliveries (delivery_id, kind, topic, job_id, hold_id, bot_id, bot_stream, recipient, queued_at, next_attempt_at)
select r.id, r.kind, $7, $1, $6, $2, $3, r.recipient, clock_timestamp(), clock_timestamp()
from ledger.mt_doc_bot b
cross join lateral (
    values ($4::uuid, 'mail', b.data ->> 'ownerMail'), ($5::uuid, 'webhook', b.data ->> 'webhookUrl')) r (id, kind, recipient)
where b.id = $3 and r.recipient is not null
on conflict (delivery_id) do nothing
returning delivery_id, kind
