-- The engine moves them back among its messages. Two of one id would stop that for all.
with let_go as (
    update wolverine.wolverine_dead_letters l
    set replayable = true
    where ($1 is null or l.id = any($1))
      and not coalesce(l.replayable, false)
      and not exists (select from ledger.deliveries d where d.envelope_id = l.id and d.given_up_at is not null)
      and not exists (select from wolverine.wolverine_incoming_envelopes i where i.id = l.id)
    returning l.id, l.message_type)
insert into ledger.replayed_messages (envelope_id, kind, replayed_by) select id, message_type, $2 from let_go
