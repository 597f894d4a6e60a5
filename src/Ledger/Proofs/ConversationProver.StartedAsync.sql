-- Started comes once, after the submission and at most a few plans and failed attempts.
select version from ledger.mt_events where stream_id = $1 and type = 'started' order by version limit 1
