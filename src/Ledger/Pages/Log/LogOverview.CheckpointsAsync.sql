select size, root, note, signed_at, published_at
from ledger.log_checkpoints
where origin = $1 and size < coalesce($2, 9223372036854775807)
order by size desc
limit $3
