with u as materialized (
    select {key} from {suspects} where {stream} not in (select id from {leftAlone})),
missing as (
    insert into {live} ({columns})
    select {s.columns} from u join {shadow} s on {s=u} where not exists (select from {live} l where {l=s})
    returning {stream} as id),
different as (
    update {live} l set ({set}) = row({s.set}){stamp}
    from u join {shadow} s on {s=u} where {l=s} and {differ}
    returning l.{stream} as id),
surplus as (
    delete from {live} l using u where {l=u} and not exists (select from {shadow} s where {l=s})
    returning l.{stream} as id)
select (select count(*) from {shadow}), (select count(*) from missing), (select count(*) from different), (select count(*) from surplus),
    array(select id from missing union select id from different union select id from surplus order by id limit 5)
