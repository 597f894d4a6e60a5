-- What was not sent yet is not sent any more. Its message finds nothing to do, and ends.
with unsent as (
    delete from ledger.deliveries where delivery_id = any($1) and sent_at is null returning envelope_id)
delete from wolverine.wolverine_dead_letters where id in (select envelope_id from unsent)
