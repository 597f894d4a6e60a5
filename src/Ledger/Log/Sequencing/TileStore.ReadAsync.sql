select t.level, t.number, t.hashes
from unnest($1, $2) as wanted (level, number)
join ledger.log_tiles t on t.level = wanted.level and t.number = wanted.number
