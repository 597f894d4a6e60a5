-- The rows are asked one by one, in order, and no more than needed: every one that says yes is a lock.
select lane from generate_series(0, $2 - 1) lane where pg_try_advisory_lock($1, lane) limit 1
