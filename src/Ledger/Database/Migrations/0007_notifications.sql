-- Who is to be told of a job's end (docs/adr/0017): a row is written in the transaction of the job's Completed, and sent at least once.
create table ledger.notifications (
    notification_id uuid        not null constraint notifications_one_per_recipient primary key, -- derived from job and kind
    kind            text        not null constraint notifications_kind check (kind in ('mail', 'webhook')),
    job_id          uuid        not null,
    bot_id          text        not null,
    bot_stream      uuid        not null, -- the bot's document says where to send to, each time anew
    recipient       text        not null, -- where it was, or is to be, sent
    queued_at       timestamptz not null,
    message_id      text,                 -- the Message-ID or webhook-id: given before the first attempt, the same for ever
    attempts        integer     not null default 0 constraint notifications_attempts check (attempts >= 0),
    next_attempt_at timestamptz,          -- while an attempt is under way, the end of its lease
    last_error      text,                 -- in words of the ledger's own, without identifiers
    sent_at         timestamptz,
    given_up_at     timestamptz,
    constraint notifications_one_state check (num_nonnulls(next_attempt_at, sent_at, given_up_at) = 1)
);
create index notifications_due on ledger.notifications (kind, next_attempt_at) where next_attempt_at is not null;
create index notifications_newest_first on ledger.notifications (bot_id, queued_at desc, notification_id desc);
create index notifications_undelivered on ledger.notifications (bot_id, queued_at desc, notification_id desc) where sent_at is null;

-- What webhooks are signed with, sealed under the service's key.
create table ledger.webhook_secrets (
    bot_id text  not null primary key,
    sealed bytea not null
);
