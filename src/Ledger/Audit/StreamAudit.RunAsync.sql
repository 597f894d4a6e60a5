select e.stream_id, s.type, s.version, e.version, e.type, e.data::text, e.timestamp
from ledger.mt_events e
left join ledger.mt_streams s on s.id = e.stream_id
where $1 is null
    or e.stream_id in (select r.stream_id from ledger.log_runs r where r.first_index + r.count > $1 union select q.stream_id from ledger.log_queue q)
order by e.stream_id, e.version
