with begins as (
    select array_agg(i.id) as streams,
        array_agg(1 + coalesce((select s.last_version from {shadow} s where s.stream_id = i.id order by s.first_version desc limit 1), 0)) as versions
    from unnest($1) i (id)),
s as materialized (
    select c.* from begins b cross join lateral ledger.change_log_of(b.streams, b.versions) c),
suspected as (
    insert into {suspects} ({key}) select {key} from s where $2 on conflict do nothing)
insert into {shadow} ({columns}) select {columns} from s
