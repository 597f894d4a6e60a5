select id, type, coalesce(version, 0), 0::bigint
from ledger.mt_streams
where id > $1 and coalesce(type, '') <> all ($3)
order by id
limit $2
