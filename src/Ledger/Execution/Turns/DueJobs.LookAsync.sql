-- Each bot is asked for one row of each index. The clock is asked once: an index is no help where it would be asked for each row.
select b.bot
from (select clock_timestamp() as now offset 0) clock
cross join unnest($2::text[]) b (bot)
where exists (
        select
        from ledger.mt_doc_job j
        where j.status = 'queued' and j.started_version is not null and j.window_name = $1 and j.bot = b.bot and j.planned_at <= clock.now)
    or exists (
        select
        from ledger.mt_doc_job j
        where j.status = 'queued' and j.started_version is null and j.window_name = $1 and j.bot = b.bot and j.planned_at <= clock.now)
