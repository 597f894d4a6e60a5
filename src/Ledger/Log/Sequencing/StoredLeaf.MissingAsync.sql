select r.stream_id, s.type, r.first_version + ($1 - r.first_index)
from ledger.log_runs r
left join ledger.mt_streams s on s.id = r.stream_id
where r.first_index <= $1
order by r.first_index desc
limit 1
