select first_index + ($2 - first_version)
from (
    select first_index, first_version, count
    from ledger.log_runs
    where stream_id = $1 and first_version <= $2
    order by first_version desc
    limit 1) run
where $2 < first_version + count
