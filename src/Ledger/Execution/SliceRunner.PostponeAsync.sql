-- Only where it still stands as it was claimed. Its stream is locked, by a statement before this one.
insert into ledger.job_work (job_id, not_before)
select s.id, clock_timestamp() + $3 from ledger.mt_streams s where s.id = $1 and s.version = $2
on conflict (job_id) do update set not_before = excluded.not_before
