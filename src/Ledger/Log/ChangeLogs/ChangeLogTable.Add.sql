insert into ledger.change_log (bot_id, position, id, stream_id, first_version, last_version, first_leaf, created_at, outcomes)
select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict do nothing
