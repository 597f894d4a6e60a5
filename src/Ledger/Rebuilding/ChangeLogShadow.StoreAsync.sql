-- From where each stream's rows end.
with added as (
    insert into {shadow} ({columns})
    select {columns}
    from ledger.change_log_of($1, array(
        select coalesce((select max(s.last_version) from {shadow} s where s.stream_id = w.stream_id), 0) + 1
        from unnest($1) with ordinality as w (stream_id, place) order by w.place))
    returning {key})
insert into {suspects} ({key}) select {key} from added where $2 on conflict do nothing
