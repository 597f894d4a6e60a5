-- Its stream is locked, by a statement before this one: so whether it has ended is known.
insert into ledger.job_work (job_id, last_slice)
select j.id, clock_timestamp() from ledger.mt_doc_job j where j.id = $1 and j.status = 'queued'
on conflict (job_id) do update set last_slice = excluded.last_slice
