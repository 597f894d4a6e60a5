with different as (
    update {live} l set ({set}) = row({s.set}){stamp}
    from {suspects} u join {shadow} s on {s=u}
    where {l=s} and {differ} and not exists (select from {leftAlone} a where a.id = u.{stream})
    returning l.{stream} as id)
select count(*), array(select id from different limit 5) from different
