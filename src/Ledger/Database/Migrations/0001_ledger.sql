-- The event store in Marten's layout (docs/adr/0002), and the ledger's own tables. Whoever runs the migrations owns them;
-- the service connects as ledger_service and can only do what Grants.Missing.sql lists.
create schema if not exists ledger;

create sequence ledger.mt_events_sequence as bigint start 1 increment 1 cache 1;

create table ledger.mt_streams (
    id          uuid                     not null constraint pkey_mt_streams_id primary key,
    type        varchar,
    version     bigint,
    timestamp   timestamp with time zone not null default now(),
    created     timestamp with time zone not null default now(),
    tenant_id   varchar                  default '*DEFAULT*',
    is_archived boolean                  default false
);

create table ledger.mt_events (
    seq_id         bigint                   not null constraint pkey_mt_events_seq_id primary key,
    id             uuid                     not null,
    stream_id      uuid constraint fkey_mt_events_stream_id references ledger.mt_streams (id) on delete cascade,
    version        bigint                   not null,
    data           jsonb                    not null,
    bdata          bytea,
    type           varchar(500)             not null,
    timestamp      timestamp with time zone not null default now(),
    tenant_id      varchar                  default '*DEFAULT*',
    mt_dotnet_type varchar,
    is_archived    boolean                  default false
);
create unique index pk_mt_events_stream_and_version on ledger.mt_events (stream_id, version);
alter sequence ledger.mt_events_sequence owned by ledger.mt_events.seq_id;

create table ledger.mt_event_progression (
    name         varchar not null constraint pk_mt_event_progression primary key,
    last_seq_id  bigint,
    last_updated timestamp with time zone default transaction_timestamp()
);

create table ledger.mt_doc_jobstatus (
    id               uuid   not null constraint pkey_mt_doc_jobstatus_id primary key,
    data             jsonb  not null,
    mt_last_modified timestamp with time zone default transaction_timestamp(),
    mt_dotnet_type   varchar,
    mt_version       bigint not null default 0
);

create table ledger.mt_doc_bot (
    id               uuid   not null constraint pkey_mt_doc_bot_id primary key,
    data             jsonb  not null,
    mt_last_modified timestamp with time zone default transaction_timestamp(),
    mt_dotnet_type   varchar,
    mt_version       bigint not null default 0
);

create table ledger.mt_doc_apiclient (
    id               uuid   not null constraint pkey_mt_doc_apiclient_id primary key,
    data             jsonb  not null,
    mt_last_modified timestamp with time zone default transaction_timestamp(),
    mt_dotnet_type   varchar,
    mt_version       bigint not null default 0
);

create table ledger.mt_doc_deletionwindow (
    id               uuid   not null constraint pkey_mt_doc_deletionwindow_id primary key,
    data             jsonb  not null,
    mt_last_modified timestamp with time zone default transaction_timestamp(),
    mt_dotnet_type   varchar,
    mt_version       bigint not null default 0
);

-- Append-only, against the service itself too: no right can be given that these triggers do not refuse, and
-- "always" keeps them on under session_replication_role. Cascades arrive here as row deletes.
create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'events are append-only: % on % is refused', tg_op, tg_table_name using errcode = 'LV001';
end $$;

create function ledger.allow_archiving_only() returns trigger language plpgsql as $$
begin
    if (to_jsonb(new) - 'is_archived') is distinct from (to_jsonb(old) - 'is_archived') then
        raise exception 'events are append-only: a recorded event cannot be changed' using errcode = 'LV001';
    end if;
    return new;
end $$;

create function ledger.allow_growth_only() returns trigger language plpgsql as $$
begin
    if new.id is distinct from old.id or new.type is distinct from old.type or new.created is distinct from old.created
        or new.tenant_id is distinct from old.tenant_id or new.version is null or new.version < old.version then
        raise exception 'streams only grow: this change is refused' using errcode = 'LV001';
    end if;
    return new;
end $$;

create trigger events_stay before delete on ledger.mt_events for each row execute function ledger.refuse_change();
create trigger events_are_not_truncated before truncate on ledger.mt_events for each statement execute function ledger.refuse_change();
create trigger events_do_not_change before update on ledger.mt_events for each row execute function ledger.allow_archiving_only();
create trigger streams_stay before delete on ledger.mt_streams for each row execute function ledger.refuse_change();
create trigger streams_are_not_truncated before truncate on ledger.mt_streams for each statement execute function ledger.refuse_change();
create trigger streams_only_grow before update on ledger.mt_streams for each row execute function ledger.allow_growth_only();
alter table ledger.mt_events enable always trigger events_stay;
alter table ledger.mt_events enable always trigger events_are_not_truncated;
alter table ledger.mt_events enable always trigger events_do_not_change;
alter table ledger.mt_streams enable always trigger streams_stay;
alter table ledger.mt_streams enable always trigger streams_are_not_truncated;
alter table ledger.mt_streams enable always trigger streams_only_grow;

-- The one way that the ledger appends: compare-and-set on the stream's version, all events or none, in one round trip.
-- Raises LV409 when the stream is not at p_expected; of N racing writers one wins and the others get that error (a new
-- stream's losers get pkey_mt_streams_id's unique violation).
create function ledger.append_events(
    p_stream uuid, p_stream_type text, p_expected bigint, p_at timestamptz, p_types text[], p_dotnet_types text[], p_data jsonb[])
returns bigint language plpgsql as $$
declare
    v_version constant bigint := p_expected + cardinality(p_data);
begin
    if p_expected = 0 then
        insert into ledger.mt_streams (id, type, version, timestamp, created) values (p_stream, p_stream_type, v_version, p_at, p_at);
    else
        update ledger.mt_streams set version = v_version, timestamp = p_at where id = p_stream and version = p_expected;
        if not found then
            raise exception 'stream % is not at version %', p_stream, p_expected using errcode = 'LV409';
        end if;
    end if;
    insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type)
    select nextval('ledger.mt_events_sequence'), gen_random_uuid(), p_stream, p_expected + e.n, e.data, e.type, p_at, e.dotnet_type
    from unnest(p_types, p_dotnet_types, p_data) with ordinality as e (type, dotnet_type, data, n)
    order by e.n;
    return v_version;
end $$;

-- Which jobs a bot has: a projection.
create table ledger.job_list (
    job_id       uuid        not null primary key,
    bot_id       text        not null,
    client_id    text        not null,
    submitted_at timestamptz not null,
    status       text        not null
);
create index job_list_newest_first on ledger.job_list (bot_id, submitted_at desc, job_id desc);

-- What is left to do, and where each unfinished job stands; the row goes when the job ends.
create table ledger.job_queue (
    job_id       uuid        not null primary key,
    bot_id       text        not null,
    window_name  text        not null,
    due_at       timestamptz not null,
    submitted_at timestamptz not null, -- among jobs that are due at the same opening, the oldest goes first
    version      bigint      not null, -- of the job's stream
    state        jsonb       not null, -- the job as its decisions see it: counts and a cursor
    resolving    jsonb                 -- how far the resolution of the list has come; null before and after it
);
create index job_queue_due on ledger.job_queue (window_name, due_at, submitted_at);

-- What `forget` destroys: the job's key (wrapped by an epoch key that lives outside the database) and what it seals.
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
-- Every ordinal ends in one outcome: what is settled stays, and nothing becomes pending again. The sealed ids may be destroyed, never exchanged.
create function ledger.allow_settling_only() returns trigger language plpgsql as $$
begin
    if (new.job_id, new.row_number, new.size, new.subtree_root) is distinct from (old.job_id, old.row_number, old.size, old.subtree_root)
        or (new.sealed is not null and new.sealed is distinct from old.sealed) then
        raise exception 'a manifest row is fixed: this change is refused' using errcode = 'LV001';
    end if;
    for i in 0 .. old.size - 1 loop
        -- 0 is pending, 32 and above is failed and may be tried again; what lies between is final.
        if get_byte(new.outcomes, i) <> get_byte(old.outcomes, i) and (get_byte(old.outcomes, i) between 1 and 31 or get_byte(new.outcomes, i) = 0) then
            raise exception 'an ordinal has one outcome: this change is refused' using errcode = 'LV001';
        end if;
    end loop;
    return new;
end $$;
create trigger manifest_only_settles before update on ledger.job_manifest for each row execute function ledger.allow_settling_only();
alter table ledger.job_manifest enable always trigger manifest_only_settles;
create index job_manifest_open on ledger.job_manifest (job_id, row_number) where open_count > 0;

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
