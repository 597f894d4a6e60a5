-- As window_state tells it, but of these bots' jobs alone ($2). Each bot is asked for two rows of each index at most.
select w.name, clock.now,
    (
        select count(*)::integer
        from (
            select
            from unnest($2::text[]) b (bot)
            cross join lateral (
                (
                    select
                    from ledger.mt_doc_job j
                    left join ledger.job_work k on k.job_id = j.id
                    where j.status = 'queued' and j.started_version is not null and j.window_name = w.name and j.bot = b.bot
                        and j.planned_at <= clock.now and (k.not_before is null or k.not_before <= clock.now)
                    limit 2)
                union all
                (
                    select
                    from ledger.mt_doc_job j
                    left join ledger.job_work k on k.job_id = j.id
                    where j.status = 'queued' and j.started_version is null and j.window_name = w.name and j.bot = b.bot
                        and j.planned_at <= clock.now and (k.not_before is null or k.not_before <= clock.now)
                    limit 2)) one
            limit 2) due),
    (
        select min(j.planned_at)
        from ledger.mt_doc_job j
        where j.status = 'queued' and j.window_name = w.name and j.planned_at > clock.now)
from (select clock_timestamp() as now offset 0) clock
cross join unnest($1::text[]) w (name)
