-- A page of a bot's entries in log order, each with its first event and with the client that submitted the job. A batch's event is not
-- needed: its outcomes are counted. The planner is not to guess how many entries the dates leave: where it knows nothing of the table it
-- guesses so few that it would read and sort all of them.
select c.id, c.position, c.stream_id, c.first_version, c.last_version, c.first_leaf, c.created_at, c.outcomes::text, e.type,
    case when c.outcomes is null then e.data::text end, o.data ->> 'client'
from (
    select *
    from ledger.change_log
    where bot_id = $1 and position > $2 and case when created_at >= $3 then created_at < $4 end
    order by position
    limit $5 offset $6) c
join ledger.mt_events e on e.stream_id = c.stream_id and e.version = c.first_version
left join ledger.mt_events o on o.stream_id = c.stream_id and o.version = 1
order by c.position
