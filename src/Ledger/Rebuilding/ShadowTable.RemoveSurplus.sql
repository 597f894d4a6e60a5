with surplus as (
    delete from {live} l using {suspects} u
    where {l=u} and not exists (select from {shadow} s where {l=s}) and not exists (select from {leftAlone} a where a.id = u.{stream})
    returning l.{stream} as id)
select count(*), array(select id from surplus limit 5) from surplus
