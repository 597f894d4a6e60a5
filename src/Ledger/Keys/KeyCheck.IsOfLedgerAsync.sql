with first_use as (
    insert into ledger.key_check (digest) values ($1) on conflict do nothing returning digest)
select digest = $1 from (select digest from first_use union all select digest from ledger.key_check) known limit 1
