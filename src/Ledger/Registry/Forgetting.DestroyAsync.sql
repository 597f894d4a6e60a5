with key as (
    delete from ledger.job_secrets where job_id = $1 returning 1),
list as (
    update ledger.job_manifest set sealed = null where job_id = $1 and sealed is not null returning size),
-- What was not sent yet is not sent any more. Its message finds nothing to do, and ends.
unsent as (
    delete from ledger.deliveries where delivery_id = any($2) and sent_at is null returning envelope_id),
letters as (
    delete from wolverine.wolverine_dead_letters where id in (select envelope_id from unsent))
select (select count(*) from key), (select count(*) from list), (select coalesce(sum(size), 0) from list)
