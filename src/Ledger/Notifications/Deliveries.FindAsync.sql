-- Each is looked up by its key: "limit" keeps the planner from joining whole tables instead.
select n.job_id, n.bot_id, b.recipient, n.message_id, n.attempts, d.status, s.sealed,
    n.sent_at is not null, n.given_up_at is not null, n.envelope_id, h.hold, h.jobs, h.conversations, h.skipped_jobs, n.topic,
    j.due_on, n.queued_at
from ledger.deliveries n
left join lateral (
    select case n.kind when 'mail' then data ->> 'ownerMail' else data ->> 'webhookUrl' end as recipient
    from ledger.mt_doc_bot
    where id = n.bot_stream
    limit 1) b on true
left join lateral (select data::text as status from ledger.mt_doc_jobstatus where id = n.job_id limit 1) d on true
left join lateral (select sealed from ledger.webhook_secrets where bot_id = n.bot_id and n.kind = 'webhook' limit 1) s on true
left join lateral (
    select data::text as hold,
        array(select job_id from ledger.hold_skips where hold_id = n.hold_id order by job_id limit $2) as jobs,
        array(select conversations from ledger.hold_skips where hold_id = n.hold_id order by job_id limit $2) as conversations,
        (select count(*) from ledger.hold_skips where hold_id = n.hold_id) as skipped_jobs
    from ledger.mt_doc_legalhold
    where id = n.hold_id
    limit 1) h on true
left join lateral (
    select (data -> 'case' ->> 'dueOn')::date as due_on from ledger.mt_doc_job where id = n.job_id limit 1) j on true
where n.delivery_id = $1
