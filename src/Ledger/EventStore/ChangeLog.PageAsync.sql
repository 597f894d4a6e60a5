-- A page of a bot's entries in log order, each with its first event and with the client that submitted the job. A batch's event is not needed: its outcomes are counted.
select c.id, c.position, c.stream_id, c.first_version, c.last_version, c.first_leaf, c.created_at, c.outcomes::text, e.type,
    case when c.outcomes is null then e.data::text end, o.data ->> 'client'
from (
    select *
    from ledger.change_log
    where bot_id = $1 and position > $2 and created_at >= $3 and created_at < $4
    order by position
    limit $5 offset $6) c
join ledger.mt_events e on e.stream_id = c.stream_id and e.version = c.first_version
left join ledger.mt_events o on o.stream_id = c.stream_id and o.version = 1
order by c.position
