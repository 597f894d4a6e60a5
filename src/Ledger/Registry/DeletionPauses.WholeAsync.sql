select coalesce((select version from ledger.mt_streams where id = $1), 0), e.type, e.data::text
from (select) one
left join lateral (
    select type, data
    from ledger.mt_events
    where stream_id = $1 and type in ('deletions_paused', 'deletions_resumed')
    order by version desc
    limit 1) e on true
