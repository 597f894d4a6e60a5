select p.stream_id, p.first_version, p.last_version + 1, p.first_index, s.type
from (
    select stream_id, first_version, first_version + count - 1 as last_version, first_index from ledger.log_runs
    union all
    select stream_id, first_version, last_version, null from ledger.log_queue) p
left join ledger.mt_streams s on s.id = p.stream_id
where $1 is null
    or p.stream_id in (
        select r.stream_id from ledger.log_runs r where r.first_index + r.count > $1
        union
        select q.stream_id from ledger.log_queue q)
order by p.stream_id, p.first_version, p.first_index
