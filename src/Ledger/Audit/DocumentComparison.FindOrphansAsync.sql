select 'ledger.mt_streams', s.id::text from ledger.mt_streams s where not exists (select from ledger.mt_events e where e.stream_id = s.id)
union all
select 'ledger.mt_doc_jobstatus', d.id::text from ledger.mt_doc_jobstatus d
where not exists (select from ledger.mt_events e where e.stream_id = d.id)
union all
select 'ledger.mt_doc_bot', d.id::text from ledger.mt_doc_bot d where not exists (select from ledger.mt_events e where e.stream_id = d.id)
union all
select 'ledger.mt_doc_apiclient', d.id::text from ledger.mt_doc_apiclient d
where not exists (select from ledger.mt_events e where e.stream_id = d.id)
union all
select 'ledger.mt_doc_deletionwindow', d.id::text from ledger.mt_doc_deletionwindow d
where not exists (select from ledger.mt_events e where e.stream_id = d.id)
union all
select 'ledger.mt_doc_legalhold', d.id::text from ledger.mt_doc_legalhold d
where not exists (select from ledger.mt_events e where e.stream_id = d.id)
union all
select 'ledger.mt_doc_job', d.id::text from ledger.mt_doc_job d where not exists (select from ledger.mt_events e where e.stream_id = d.id)
union all
select 'ledger.job_work', w.job_id::text from ledger.job_work w
where not exists (select from ledger.mt_events e where e.stream_id = w.job_id)
union all
select 'ledger.job_manifest_rest', r.job_id::text from ledger.job_manifest_rest r
where not exists (select from ledger.mt_events e where e.stream_id = r.job_id)
union all
(select distinct 'ledger.job_manifest', m.job_id::text from ledger.job_manifest m
where not exists (select from ledger.mt_events e where e.stream_id = m.job_id))
