-- A statement of its own: while witnesses are away, unpublished ones pile up before it.
select size, root, note, true
from ledger.log_checkpoints
where origin = $1 and published_at is not null
order by size desc
limit 1
