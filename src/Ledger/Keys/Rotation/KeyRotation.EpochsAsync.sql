select epoch, opened_at, forgotten, destroyed_at is not null, opened_at + $1 <= clock_timestamp()
from ledger.key_epochs
order by epoch
