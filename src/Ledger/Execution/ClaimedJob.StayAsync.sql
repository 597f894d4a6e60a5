-- In a log that is not behind: see lock_due_job.
select s.id
from ledger.mt_streams s
where s.id = $1 and exists (
    select from ledger.published_log p
    where p.covered_until between clock_timestamp() - interval '10 seconds' and clock_timestamp() + interval '10 seconds')
for update of s skip locked
