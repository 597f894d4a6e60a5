select s.origin, s.size, nullif(s.covered_until, '-infinity'), clock_timestamp(), c.size, c.published_at,
    (select count(*) from (select from ledger.log_queue limit 1000) waiting)
from ledger.log_state s
left join lateral (
    select size, published_at from ledger.log_checkpoints
    where origin = s.origin and published_at is not null
    order by size desc
    limit 1) c on true
