select size, root, note, signed_at, published_at
from ledger.log_checkpoints
where origin = $1 and ($2 is null or size < $2)
order by size desc
limit $3
