-- Something waits, or the latest checkpoint covers no instant of the last five seconds. Deletions want one of the last ten.
select exists (select from ledger.log_queue where position > $1)
    or not exists (
        select from ledger.published_log
        where covered_until between clock_timestamp() - interval '5 seconds' and clock_timestamp() + interval '1 second')
