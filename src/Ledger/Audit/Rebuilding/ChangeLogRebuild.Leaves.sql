-- The events of whole runs of leaves from leaf $1 on, below leaf $2, of as many runs as reach $3 leaves. No append's events are in two
-- runs. The first event of a stream names the bot.
select r.first_index, r.count, r.stream_id, r.first_version, s.type,
    case when r.first_version > 1 then (
        select jsonb_build_object('bot', f.data -> 'bot')::text
        from ledger.mt_events f where f.stream_id = r.stream_id and f.version = 1) end,
    e.version, e.type, e.timestamp, e.data
from (
    select * from (
        select l.*, sum(count) over (order by first_index) - count as ahead
        from (select * from ledger.log_runs where first_index >= $1 and first_index < $2 order by first_index limit $3) l) o
    where o.ahead < $3) r
left join ledger.mt_streams s on s.id = r.stream_id
left join lateral (
    select version, type, timestamp, data::text as data
    from ledger.mt_events
    where stream_id = r.stream_id and version between r.first_version and r.first_version + r.count - 1
    order by version) e on true
order by r.first_index, e.version
