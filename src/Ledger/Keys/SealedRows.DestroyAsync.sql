with key as (
    delete from ledger.job_secrets where job_id = $1 returning 1),
list as (
    update ledger.job_manifest set sealed = null where job_id = $1 and sealed is not null returning size)
select (select count(*) from key), (select count(*) from list), (select coalesce(sum(size), 0) from list)
