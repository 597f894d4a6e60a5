-- What the ledger demands of Marten's tables (docs/adr/0041).

-- The closed list of event types. A row is added by the migration that comes with a new type.
create table ledger.event_types (name varchar(500) not null primary key);
insert into ledger.event_types (name) values
    ('submitted'), ('scheduled'), ('started'), ('conversation_deleted'), ('conversation_skipped'), ('failed'), ('completed'),
    ('bot_registered'), ('bot_changed'), ('client_granted'), ('grant_revoked'),
    ('client_registered'), ('client_secret_issued'), ('client_secret_retired'), ('client_revoked'), ('window_defined'),
    ('job_key_destroyed'), ('epoch_key_destroyed'), ('identifiers_disclosed'), ('origin_opened'),
    ('erased_conversations_imported'), ('webhook_disabled'), ('job_cancelled'),
    ('deletions_paused'), ('deletions_resumed'), ('legal_hold_placed'), ('legal_hold_disclosed'), ('legal_hold_ended'),
    ('case_recorded'), ('deadline_extended'),
    ('ledger_audit_granted'), ('ledger_audit_revoked'), ('bot_limits_set');

-- Append-only, against the service itself too: no right can be given that these triggers do not refuse, and
-- "always" keeps them on under session_replication_role. Cascades arrive here as row deletes.
create function ledger.refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'events are append-only: % on % is refused', tg_op, tg_table_name using errcode = 'LV001';
end $$;

create function ledger.allow_growth_only() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (to_jsonb(new) - '{version,timestamp}'::text[]) is distinct from (to_jsonb(old) - '{version,timestamp}'::text[])
        or new.version is null or new.version < old.version then
        raise exception 'streams only grow: this change is refused' using errcode = 'LV001';
    end if;
    if new.version - old.version > 4096 then
        raise exception 'an append has at most 4096 events' using errcode = 'LV413';
    end if;
    return new;
end $$;

create trigger events_stay before delete on ledger.mt_events for each row execute function ledger.refuse_change();
create trigger events_are_not_truncated before truncate on ledger.mt_events for each statement execute function ledger.refuse_change();
create trigger events_do_not_change before update on ledger.mt_events for each row execute function ledger.refuse_change();
create trigger streams_stay before delete on ledger.mt_streams for each row execute function ledger.refuse_change();
create trigger streams_are_not_truncated before truncate on ledger.mt_streams for each statement execute function ledger.refuse_change();
create trigger streams_only_grow before update on ledger.mt_streams for each row execute function ledger.allow_growth_only();

-- Marten fills the gaps that a failed save leaves in the sequence with tombstones. They are no events of the ledger, and nothing here
-- needs the gaps filled: neither their stream nor they are written.
create function ledger.accept_stream() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.type is null and new.version = 0 then
        return null;
    end if;
    if new.type is null or new.is_archived is not false or new.tenant_id is distinct from '*DEFAULT*' or new.compacted_version <> 0 then
        raise exception 'a new stream must name its type, and nothing of it may be archived, compacted or another tenant''s: '
            'start it with its aggregate''s type' using errcode = 'LV414';
    end if;
    if new.version is null or new.version not between 1 and 4096 then
        raise exception 'an append has 1 to 4096 events' using errcode = 'LV413';
    end if;
    return new;
end $$;
create trigger streams_are_typed before insert on ledger.mt_streams for each row execute function ledger.accept_stream();

-- What cannot be a leaf of the log is refused where it is inserted, whoever inserts it: in the queue it would stop the log, and with it
-- every deletion (docs/adr/0024). The rules are those of LeafEntry and Jcs. What no leaf covers must be empty.
create function ledger.accept_event() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_text text;
begin
    if new.type = 'tombstone' then
        return null;
    end if;
    if not exists (select from ledger.event_types t where t.name = new.type) then
        raise exception 'this ledger knows no events of this type: use the version that migrated the database' using errcode = 'LV415';
    end if;
    if new.bdata is not null or new.is_archived is not false or new.tenant_id is distinct from '*DEFAULT*' then
        raise exception 'an event must hold nothing that the log does not cover: no binary data, no tenant, not archived'
            using errcode = 'LV414';
    end if;
    v_text := new.data::text;
    if new.stream_id is null or new.version not between 1 and 9007199254740991
        or new.timestamp < timestamptz '0001-01-01 00:00Z' or new.timestamp >= timestamptz '10000-01-01 00:00Z'
        -- The service's limit is 60,000 bytes. PostgreSQL's text has a space more behind each separator. A byte of a type becomes six
        -- at most where it is escaped. Of 64,000 and 160 a leaf's 65,535 are never exceeded.
        or octet_length(v_text) > 64000 or octet_length(new.type) > 160
        -- A number is an integer below 2^53. One that is none has a dot or many digits: only where these are, it is looked for.
        or (v_text ~ '[.]|[0-9]{16}' and exists (
            select from jsonb_path_query(new.data, 'strict $.** ? (@.type() == "number")') n (v)
            where n.v::text !~ '^-?\d{1,16}$' or abs(n.v::text::numeric) > 9007199254740991))
        or jsonb_path_exists(new.data, 'strict $.**{32 to last} ? (@.type() == "object" || @.type() == "array")') then
        raise exception 'an event must have a stream, at most 64000 bytes, only integers below 2^53, a year up to 9999 and a short type'
            using errcode = 'LV413';
    end if;
    return new;
end $$;
create trigger events_can_be_leaves before insert on ledger.mt_events for each row execute function ledger.accept_event();

-- The first event of an append to a job is of a later millisecond than the last one before it. So leaves alone tell which outcomes are one
-- batch (docs/adr/0018). It is asked at the commit, when stream and events are both there.
create function ledger.refuse_earlier_append() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        select from ledger.mt_events last
        left join ledger.mt_events next on next.stream_id = last.stream_id and next.version = last.version + 1
        where last.stream_id = new.id and last.version = old.version
            and not coalesce(date_trunc('milliseconds', next.timestamp) > date_trunc('milliseconds', last.timestamp), false)) then
        raise exception 'an append to a job must have its events, recorded at least a millisecond later than the append before it'
            using errcode = 'LV416';
    end if;
    return null;
end $$;
create constraint trigger appends_are_later after update of version on ledger.mt_streams deferrable initially deferred
    for each row when (new.type = 'job' and new.version > old.version) execute function ledger.refuse_earlier_append();

alter table ledger.mt_events enable always trigger events_stay;
alter table ledger.mt_events enable always trigger events_are_not_truncated;
alter table ledger.mt_events enable always trigger events_do_not_change;
alter table ledger.mt_events enable always trigger events_can_be_leaves;
alter table ledger.mt_streams enable always trigger streams_stay;
alter table ledger.mt_streams enable always trigger streams_are_not_truncated;
alter table ledger.mt_streams enable always trigger streams_only_grow;
alter table ledger.mt_streams enable always trigger streams_are_typed;
alter table ledger.mt_streams enable always trigger appends_are_later;

-- Whether a client's getting a job's identifiers is recorded already: see RegistryStore.DiscloseOnceAsync.
create index mt_events_disclosures on ledger.mt_events (stream_id, (data ->> 'job'), (data ->> 'client'), (data ->> 'what'))
    where type = 'identifiers_disclosed';
