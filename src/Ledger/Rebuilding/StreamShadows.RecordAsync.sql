with folded as (select * from unnest($1, $2, $3) as f (id, version, is_whole)),
broken as (insert into pg_temp.left_alone select id from folded where not is_whole on conflict do nothing)
insert into pg_temp.folded_streams select id, version from folded
on conflict (id) do update set version = excluded.version
