select size, root, note, published_at is not null
from ledger.log_checkpoints
where origin = $1 and (published_at is not null or not $2)
order by size desc
limit 1
