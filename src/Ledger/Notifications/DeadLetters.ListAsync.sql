-- Of a delivery that was given up, its own record says more.
select l.id, l.message_type, coalesce(l.exception_type, ''), coalesce(l.failed_at, l.sent_at), r.replayed_by, r.replayed_at
from wolverine.wolverine_dead_letters l
left join lateral (
    select replayed_by, replayed_at from ledger.replayed_messages where envelope_id = l.id order by replayed_at desc limit 1) r on true
where not coalesce(l.replayable, false)
  and not exists (select from ledger.deliveries d where d.envelope_id = l.id and d.given_up_at is not null)
order by 4 desc, l.id
limit $1
