-- Begins deliveries anew. A dead letter is let go, a message that waits is due now, and one that is being handled will end by itself. For
-- what has none of these a message is made.
with chosen as (
    select delivery_id, kind, envelope_id, given_up_at is not null as is_given_up
    from ledger.deliveries
    where sent_at is null
      and (delivery_id = any($1) or ($1 is null and given_up_at is not null))
      and ($2 is null or bot_id = any($2))
    order by delivery_id
    for update),
begun as (
    update ledger.deliveries d
    set attempts = 0, given_up_at = null, last_error = null, next_attempt_at = clock_timestamp(),
        replayed_by = $3, replayed_at = clock_timestamp()
    from chosen c
    where d.delivery_id = c.delivery_id),
let_go as (
    -- Two messages of one id would stop the engine's recovery.
    update wolverine.wolverine_dead_letters l
    set replayable = true
    from chosen c
    where l.id = c.envelope_id and not exists (select from wolverine.wolverine_incoming_envelopes i where i.id = l.id)
    returning l.id),
due as (
    update wolverine.wolverine_incoming_envelopes i
    set execution_time = now()
    from chosen c
    where i.id = c.envelope_id and i.status = 'Scheduled'
    returning i.id)
select c.delivery_id, c.kind, case
    when c.envelope_id in (select id from let_go union all select id from due) then null
    when not c.is_given_up and exists (
        select from wolverine.wolverine_incoming_envelopes i where i.id = c.envelope_id and i.status <> 'Handled') then null
    else gen_random_uuid() end
from chosen c
