-- The tiles that are not full, of a tree of $1 leaves.
select t.level, t.number, t.hashes
from generate_series(0, 6) as edge (level)
join ledger.log_tiles t on t.level = edge.level and t.number = ($1 >> (8 * edge.level)) / 256
