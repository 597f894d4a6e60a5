-- Waits for a writer that is in the middle of a pass. $1: the new name.
select s.origin, s.size, s.root, clock_timestamp(),
    exists (select from ledger.log_checkpoints c where c.origin = $1)
from ledger.log_state s
for update of s
