-- Unfinished jobs that are planned into another window than their bot has, or into one that was defined otherwise. Every unfinished job is
-- looked at, along their index.
select j.id
from ledger.mt_doc_job j
join unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) as b (bot, name, cron, zone, seconds) on b.bot = j.bot
where j.status = 'queued'
    and (b.name, b.cron, b.zone, b.seconds) is distinct from (
        j.window_name, j.data -> 'window' ->> 'cron', j.data -> 'window' ->> 'timeZone',
        extract(epoch from j.closes_at - (j.data -> 'window' ->> 'opens')::timestamptz)::bigint)
order by j.submitted_at, j.id
