select c.note
from ledger.log_checkpoints c
join ledger.log_state l on l.origin = c.origin
where c.published_at is not null
order by c.size desc
limit 1
