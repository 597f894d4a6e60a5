insert into ledger.log_tiles (level, number, hashes)
select * from unnest($1, $2, $3)
on conflict (level, number) do update set hashes = excluded.hashes
