select l.origin, l.size, l.root,
    (select coalesce(sum(q.last_version - q.first_version + 1), 0)::bigint from ledger.log_queue q),
    (select count(*) from ledger.mt_events),
    clock_timestamp()
from ledger.log_state l
