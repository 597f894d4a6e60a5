-- Of a delivery that was given up, its own record says more.
select l.id, l.message_type, coalesce(l.exception_type, ''), coalesce(l.failed_at, l.sent_at)
from wolverine.wolverine_dead_letters l
where not coalesce(l.replayable, false)
  and not exists (select from ledger.deliveries d where d.envelope_id = l.id and d.given_up_at is not null)
order by 4 desc, l.id
limit $1
