-- Only while nobody else has it: then it has not ended meanwhile.
with locked as (select s.id from ledger.mt_streams s where s.id = $1 for update skip locked)
insert into ledger.job_work (job_id, last_slice)
select j.id, clock_timestamp() from locked join ledger.mt_doc_job j on j.id = locked.id where j.status = 'queued'
on conflict (job_id) do update set last_slice = excluded.last_slice
