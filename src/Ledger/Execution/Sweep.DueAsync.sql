-- Of a window that is closed too: what is due in it was planned into an opening that has ended, and needs another plan.
select w.name
from (select clock_timestamp() as now offset 0) clock
cross join unnest($1::text[]) w (name)
where exists (
    select
    from ledger.mt_doc_job j
    left join ledger.job_work k on k.job_id = j.id
    where j.status = 'queued' and j.window_name = w.name and j.planned_at <= clock.now
        and (k.not_before is null or k.not_before <= clock.now))
