select origin, tree_size, nullif(covered_until, '-infinity'), clock_timestamp(), size, published_at,
    (select count(*) from (select from ledger.log_queue limit 1000) waiting)
from ledger.published_log
