-- Entries that begin at no leaf.
select c.stream_id, c.first_version
from ledger.change_log c
where not coalesce((
    select c.first_version < r.first_version + r.count
    from ledger.log_runs r
    where r.stream_id = c.stream_id and r.first_version <= c.first_version
    order by r.first_version desc
    limit 1), false)
