-- What was put into the log after a stream was folded made rows that the shadow has not.
with streams as materialized (
    select array(select distinct stream_id from {suspects}) as ids),
fresh as materialized (
    select c.* from streams cross join lateral ledger.change_log_of(streams.ids, array_fill(1::bigint, array[cardinality(streams.ids)])) c),
suspected as (
    insert into {suspects} ({key}) select {key} from fresh on conflict do nothing)
insert into {shadow} ({columns}) select {columns} from fresh
on conflict ({key}) do update set ({set}) = row({excluded.set})
