-- One row per window and statement. Sorted, so that two nodes lock the same rows in the same order and never deadlock.
with admitted as (
    select * from unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::bigint[])
        with ordinality as a (kind, subject, seconds, starts_at, count, row_number)
), counted as (
    insert into ledger.rate_counters as total (kind, subject, seconds, starts_at, count)
    select kind, subject, seconds, starts_at, count from admitted order by kind, subject, seconds, starts_at
    on conflict on constraint rate_counters_one_per_window do update set count = total.count + excluded.count
    returning kind, subject, seconds, starts_at, count
)
select admitted.row_number::int, counted.count
from counted join admitted using (kind, subject, seconds, starts_at)
