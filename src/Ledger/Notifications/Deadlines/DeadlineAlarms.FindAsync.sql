-- Unfinished jobs whose deadline is near or over, and whose bot was not told of it yet, though it could be.
select j.id, j.bot, a.topic
from (select (clock_timestamp() at time zone 'utc')::date as today) t
join ledger.mt_doc_job j on j.status = 'queued' and (j.data -> 'case' ->> 'dueOn')::date <= t.today + $1
cross join lateral (
    select case when (j.data -> 'case' ->> 'dueOn')::date < t.today then 'overdue' else 'due_soon' end as topic) a
where exists (
        select from ledger.mt_doc_bot b
        where b.data ->> 'botId' = j.bot and (b.data ->> 'ownerMail' is not null or b.data ->> 'webhookUrl' is not null))
    and not exists (select from ledger.deliveries n where n.job_id = j.id and n.topic = a.topic and n.topic <> 'ended')
order by j.id
limit $2
