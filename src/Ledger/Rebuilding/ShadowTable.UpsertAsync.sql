with s as materialized (
    select {columns} from jsonb_populate_recordset(null::{shadow}, $1)),
suspected as (
    insert into {suspects} ({key}) select {key} from s where $2 on conflict do nothing)
insert into {shadow} ({columns}) select {columns} from s
on conflict ({key}) do update set ({set}) = row({excluded.set})
