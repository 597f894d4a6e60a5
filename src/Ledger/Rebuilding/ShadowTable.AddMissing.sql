with missing as (
    insert into {live} ({columns})
    select {s.columns} from {suspects} u join {shadow} s on {s=u}
    where not exists (select from {live} l where {l=s}) and not exists (select from {leftAlone} a where a.id = u.{stream})
    returning {stream} as id)
select count(*), array(select id from missing limit 5) from missing
