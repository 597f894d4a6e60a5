-- Neither worth waiting for another writer's pass nor for the disk: if it is lost, deletions wait for the next one.
update ledger.log_state s
set covered_until = $2
from (select only_row from ledger.log_state for update skip locked) as free,
    (select set_config('synchronous_commit', 'off', true)) as unhurried
where s.only_row = free.only_row and s.origin = $1 and (s.covered_until < $2::timestamptz - $3
    or s.covered_until > $2::timestamptz + interval '10 seconds') -- the server's clock stepped back
