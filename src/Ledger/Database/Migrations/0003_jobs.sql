-- What no event says of an unfinished job. A job that has nothing here is one of which there is nothing to say. The row goes when it ends.
create table ledger.job_work (
    job_id     uuid        not null primary key,
    not_before timestamptz,            -- it is not claimed earlier
    resolving  jsonb,                  -- how far the resolution of its list has come; null before and after it
    last_slice timestamptz             -- when a turn left it because its time was up: the others of its bot that are due go first
);
create index job_work_left on ledger.job_work (last_slice) where last_slice is not null;

-- The wake-ups of windows that were sent for an instant to come (docs/adr/0045). Whoever plans a job sends none where there is one already.
-- No key: two of one instant do no harm, and waiting for another transaction would.
create table ledger.window_wakes (
    window_name text        not null,
    at          timestamptz not null
);
create index window_wakes_of_window on ledger.window_wakes (window_name, at);

-- What `forget` destroys: the job's key (wrapped by an epoch key that lives outside the database) and what it seals. A live legal hold has
-- a row here too, under its own id: the end of the hold destroys it (docs/adr/0050).
create table ledger.job_secrets (
    job_id         uuid    not null primary key,
    epoch          integer not null,
    wrapped_key    bytea   not null,
    request_digest bytea   not null,  -- keyed: what "the same request" means under an idempotency key
    sealed_request bytea   not null
);

-- The list of what to delete, 1,024 ordinals a row, and what became of each: outcomes holds one byte an ordinal.
create table ledger.job_manifest (
    job_id       uuid    not null,
    row_number   integer not null,
    size         integer not null constraint job_manifest_size check (size between 1 and 1024),
    subtree_root bytea   not null constraint job_manifest_root check (octet_length(subtree_root) = 32),
    sealed       bytea,
    outcomes     bytea   not null,
    open_count   integer not null,  -- ordinals without a final outcome: pending, or failed and to be tried again
    primary key (job_id, row_number),
    constraint job_manifest_one_outcome_each check (octet_length(outcomes) = size and open_count between 0 and size)
);
-- Every ordinal ends in one outcome: what is settled stays, and nothing becomes pending again. The sealed ids may be destroyed, never
-- exchanged.
create function ledger.allow_settling_only() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (new.job_id, new.row_number, new.size, new.subtree_root) is distinct from (old.job_id, old.row_number, old.size, old.subtree_root)
        or (new.sealed is not null and new.sealed is distinct from old.sealed) then
        raise exception 'a manifest row is fixed: this change is refused' using errcode = 'LV001';
    end if;
    for i in 0 .. old.size - 1 loop
        -- 0 is pending, 32 and above is failed and may be tried again; what lies between is final.
        if get_byte(new.outcomes, i) <> get_byte(old.outcomes, i)
            and (get_byte(old.outcomes, i) between 1 and 31 or get_byte(new.outcomes, i) = 0) then
            raise exception 'an ordinal has one outcome: this change is refused' using errcode = 'LV001';
        end if;
    end loop;
    return new;
end $$;
create trigger manifest_only_settles before update on ledger.job_manifest for each row execute function ledger.allow_settling_only();
alter table ledger.job_manifest enable always trigger manifest_only_settles;
create index job_manifest_open on ledger.job_manifest (job_id, row_number) where open_count > 0;

-- Of a job that was cancelled in its first pass: the roots of the fewest complete subtrees of its manifest that make up the ordinals that
-- were not touched. The proof needs them, and nobody can make them once the key is destroyed.
create table ledger.job_manifest_rest (
    job_id uuid  not null primary key,
    roots  bytea not null constraint job_manifest_rest_is_hashes check (octet_length(roots) > 0 and octet_length(roots) % 32 = 0)
);

-- Which jobs skipped conversations because of which legal hold: their erasure is owed again when the hold ends (docs/adr/0050).
create table ledger.hold_skips (
    hold_id       uuid   not null,
    job_id        uuid   not null,
    conversations bigint not null constraint hold_skips_any check (conversations > 0),
    primary key (hold_id, job_id)
);

-- Which keys this ledger's secrets are sealed under: a digest that only the same service key gives.
create table ledger.key_check (
    only_row boolean not null default true primary key check (only_row),
    digest   bytea   not null
);

-- Secrets of API clients, sealed under the service's key.
create table ledger.client_secrets (
    client_id text  not null,
    secret_id text  not null,
    sealed    bytea not null,
    primary key (client_id, secret_id)
);

-- The epochs whose keys wrap the jobs' keys (docs/adr/0012). The keys themselves live in the key folder only.
create table ledger.key_epochs (
    epoch        integer     not null primary key,
    opened_at    timestamptz not null default clock_timestamp(),
    -- Jobs forgotten while it was the newest: until its key is destroyed, a backup can hold theirs.
    forgotten    bigint      not null default 0,
    destroyed_at timestamptz
);
insert into ledger.key_epochs (epoch) values (1);

-- Once an epoch is open, nothing is wrapped under an older one any more: what was would be lost with the older one's key. A rotation locks
-- the table after opening the epoch, so whoever passed this check before is waited for, and re-wrapped. Another isolation level could see
-- epochs as they were earlier.
create function ledger.refuse_closed_epoch() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'job keys are stored in read committed transactions only' using errcode = 'LV411';
    end if;
    if new.epoch < (select max(epoch) from ledger.key_epochs) then
        raise exception 'epoch % is closed: wrap the key under the newest', new.epoch using errcode = 'LV410';
    end if;
    return new;
end $$;
create trigger secrets_take_the_newest_epoch before insert or update on ledger.job_secrets
    for each row execute function ledger.refuse_closed_epoch();
alter table ledger.job_secrets enable always trigger secrets_take_the_newest_epoch;

-- What became of the mails and webhook messages about ended jobs (docs/adr/0017), about ended legal holds (docs/adr/0050) and about
-- deadlines (docs/adr/0051). A row is written in the transaction of the job's Completed, of the hold's end, or when a deadline is near or
-- over, together with the engine's message that sends it. Whoever handles the message writes here. Nothing claims from this table.
create table ledger.deliveries (
    delivery_id     uuid        not null constraint deliveries_one_per_recipient primary key, -- derived from job or hold, kind and topic
    kind            text        not null constraint deliveries_kind check (kind in ('mail', 'webhook')),
    topic           text        not null default 'ended' constraint deliveries_topic check (topic in ('ended', 'due_soon', 'overdue')),
    job_id          uuid,                 -- the job; null for a hold
    hold_id         uuid,                 -- the legal hold that has ended; null for a job
    bot_id          text        not null,
    bot_stream      uuid        not null, -- the bot's document says where to send to, each time anew
    recipient       text        not null, -- where it was, or is to be, sent
    queued_at       timestamptz not null,
    envelope_id     uuid,                 -- the engine's message that sends it; null before its first attempt
    message_id      text,                 -- the Message-ID or webhook-id: given before the first attempt, the same for ever
    attempts        integer     not null default 0 constraint deliveries_attempts check (attempts >= 0),
    next_attempt_at timestamptz,          -- for people to see: it is the engine's message that waits
    last_error      text,                 -- in words of the ledger's own, without identifiers
    sent_at         timestamptz,
    given_up_at     timestamptz,
    replayed_by     text,                 -- who asked last that it be sent again
    replayed_at     timestamptz,
    constraint deliveries_about_one check (num_nonnulls(job_id, hold_id) = 1),
    constraint deliveries_one_state check (num_nonnulls(next_attempt_at, sent_at, given_up_at) = 1),
    constraint deliveries_replayed_by_somebody check (num_nonnulls(replayed_by, replayed_at) in (0, 2))
);
create index deliveries_newest_first on ledger.deliveries (bot_id, queued_at desc, delivery_id desc);
create index deliveries_of_deadlines on ledger.deliveries (job_id, topic) where topic <> 'ended';
create index deliveries_dead_letters on ledger.deliveries (envelope_id) where given_up_at is not null;
create index deliveries_undelivered on ledger.deliveries (bot_id, queued_at desc, delivery_id desc) where sent_at is null;

-- Who had another message of the engine handled again, after it was given up. Of a delivery its own row says it.
create table ledger.replayed_messages (
    envelope_id uuid        not null,
    kind        text        not null,
    replayed_by text        not null,
    replayed_at timestamptz not null default clock_timestamp()
);
create index replayed_messages_of_envelope on ledger.replayed_messages (envelope_id, replayed_at);

-- What webhooks are signed with, sealed under the service's key.
create table ledger.webhook_secrets (
    bot_id text  not null primary key,
    sealed bytea not null
);

-- Tokens with a jti that were used. A row outlives its token; a background pass deletes it after that.
create table ledger.used_tokens (
    client_id  text        not null,
    jti_digest bytea       not null constraint used_tokens_digest_is_sha256 check (octet_length(jti_digest) = 32),
    expires_at timestamptz not null,
    constraint used_tokens_once primary key (client_id, jti_digest)
);
create index used_tokens_expiry on ledger.used_tokens (expires_at);

-- Requests counted in fixed UTC windows, over all nodes. Unlogged: after a crash of the server counting begins anew, and nothing else is
-- lost.
create unlogged table ledger.rate_counters (
    kind      text        not null,
    subject   text        not null,
    seconds   integer     not null constraint rate_counters_window_has_length check (seconds > 0),
    starts_at timestamptz not null,
    count     bigint      not null constraint rate_counters_count_is_positive check (count > 0),
    constraint rate_counters_one_per_window primary key (kind, subject, seconds, starts_at)
);

-- Who is signed in to the console (docs/adr/0021). Of the cookie only the digest is kept: whoever reads the table cannot sign in with it.
create table ledger.console_sessions (
    id_digest  bytea       not null primary key constraint console_sessions_digest_is_sha256 check (octet_length(id_digest) = 32),
    client_id  text        not null,
    created_at timestamptz not null,
    expires_at timestamptz not null, -- an hour after its latest use, and no later than eight after it began
    -- A session ends with the secret that signed its token (docs/adr/0035): in the transaction that retires the secret, and for every node.
    -- Null: the client signs with a key of its own, which is revoked with the client.
    secret_id  text,
    constraint console_sessions_end_with_their_secret
        foreign key (client_id, secret_id) references ledger.client_secrets (client_id, secret_id) on delete cascade
);
create index console_sessions_of_secret on ledger.console_sessions (client_id, secret_id);
create index console_sessions_expiry on ledger.console_sessions (expires_at);
