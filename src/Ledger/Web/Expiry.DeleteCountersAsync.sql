delete from ledger.rate_counters
where ctid = any (array(
    select ctid from ledger.rate_counters where starts_at + make_interval(secs => seconds) < $1 limit $2 for update skip locked))
