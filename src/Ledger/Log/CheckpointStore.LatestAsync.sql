select size, root, note, published_at is not null
from ledger.log_checkpoints
where origin = $1
order by size desc
limit 1
