-- The transparency log (docs/adr/0011): which events are still to be sequenced, which leaf is which event, the tree's tiles, and every checkpoint ever signed.

-- Appended and not yet in the log; a row is at most 4,096 events of one stream. The service may read and remove, never add: only the trigger below does.
create table ledger.log_queue (
    position      bigint      generated always as identity constraint log_queue_position primary key,
    stream_id     uuid        not null,
    first_version bigint      not null,
    last_version  bigint      not null,
    queued_at     timestamptz not null default clock_timestamp(),
    constraint log_queue_range check (1 <= first_version and first_version <= last_version)
);

-- Leaf index → event, run-length encoded: leaf first_index + i is version first_version + i of the stream.
create table ledger.log_runs (
    first_index   bigint not null constraint log_runs_first_index primary key,
    count         bigint not null,
    stream_id     uuid   not null,
    first_version bigint not null,
    constraint log_runs_range check (first_index >= 0 and count >= 1 and first_version >= 1)
);
create unique index log_runs_of_stream on ledger.log_runs (stream_id, first_version);

-- The tree's hashes in C2SP tiles of height 8. The right edge of each level is one row that grows; a partial tile is its prefix.
create table ledger.log_tiles (
    level  smallint not null,
    number bigint   not null,
    hashes bytea    not null,
    constraint log_tiles_place primary key (level, number),
    constraint log_tiles_hashes check (octet_length(hashes) % 32 = 0 and octet_length(hashes) between 32 and 8192 and level between 0 and 7 and number >= 0)
);
alter table ledger.log_tiles alter column hashes set storage external; -- hashes do not compress

-- The integrated tree, and the fence of whoever writes it. Origin is null until the first writer names its key's.
create table ledger.log_state (
    only_row      boolean     not null default true primary key check (only_row),
    origin        text,
    size          bigint      not null,
    root          bytea       not null,
    covered_until timestamptz not null -- every event committed before this instant is covered by a published checkpoint of this origin
);
insert into ledger.log_state (size, root, covered_until) values (0, sha256(''), '-infinity');

-- Every checkpoint ever signed. Served, and good for a claim, once published_at is set: at once, or when the witnesses' quorum has cosigned.
create table ledger.log_checkpoints (
    origin       text        not null,
    size         bigint      not null,
    root         bytea       not null constraint log_checkpoints_root check (octet_length(root) = 32),
    note         text        not null,
    signed_at    timestamptz not null,
    published_at timestamptz,
    constraint log_checkpoints_size primary key (origin, size)
);
create index log_checkpoints_published on ledger.log_checkpoints (origin, size) where published_at is not null;

-- Whatever appends is queued, COPY included, in the transaction of the events. It runs with its owner's rights: who appends may not write the queue.
create function ledger.queue_for_log() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- The service's limit is 60,000 bytes; PostgreSQL's text has a space more behind each separator. Of 64,000 a leaf's 65,535 are never exceeded.
    if exists (select from appended where stream_id is null or octet_length(data::text) > 64000) then
        raise exception 'an event must have a stream and at most 64000 bytes' using errcode = 'LV413';
    end if;
    insert into ledger.log_queue (stream_id, first_version, last_version)
    select stream_id, min(version), max(version)
    from (select stream_id, version, seq_id, row_number() over (partition by stream_id order by version) as n from appended) numbered
    group by stream_id, version - n, (n - 1) / 4096
    order by min(seq_id);
    return null;
end $$;
create trigger events_are_queued after insert on ledger.mt_events referencing new table as appended for each statement execute function ledger.queue_for_log();
alter table ledger.mt_events enable always trigger events_are_queued;

-- What was recorded before the log. Creating the trigger has locked the table: no event falls between the two.
insert into ledger.log_queue (stream_id, first_version, last_version)
select stream_id, min(version), max(version)
from (select stream_id, version, seq_id, row_number() over (partition by stream_id order by version) as n from ledger.mt_events) numbered
group by stream_id, version - n, (n - 1) / 4096
order by min(seq_id);

create function ledger.refuse_log_change() returns trigger language plpgsql as $$
begin
    raise exception 'the log only grows: % on % is refused', tg_op, tg_table_name using errcode = 'LV001';
end $$;

create function ledger.allow_tile_growth_only() returns trigger language plpgsql as $$
begin
    if (new.level, new.number) is distinct from (old.level, old.number) or substr(new.hashes, 1, octet_length(old.hashes)) is distinct from old.hashes then
        raise exception 'a tile only grows: this change is refused' using errcode = 'LV001';
    end if;
    return new;
end $$;

create function ledger.allow_log_growth_only() returns trigger language plpgsql as $$
begin
    if new.size < old.size or (new.size = old.size and new.root is distinct from old.root) or (new.origin is null and old.origin is not null) then
        raise exception 'the log only grows: this change is refused' using errcode = 'LV001';
    end if;
    return new;
end $$;

create function ledger.allow_cosigning_only() returns trigger language plpgsql as $$
begin
    if (new.origin, new.size, new.root, new.signed_at) is distinct from (old.origin, old.size, old.root, old.signed_at)
        or not starts_with(new.note, old.note) or (old.published_at is not null and new.published_at is distinct from old.published_at) then
        raise exception 'a signed checkpoint stays: this change is refused' using errcode = 'LV001';
    end if;
    return new;
end $$;

create trigger runs_stay before update or delete on ledger.log_runs for each row execute function ledger.refuse_log_change();
create trigger runs_are_not_truncated before truncate on ledger.log_runs for each statement execute function ledger.refuse_log_change();
create trigger tiles_only_grow before update on ledger.log_tiles for each row execute function ledger.allow_tile_growth_only();
create trigger tiles_stay before delete on ledger.log_tiles for each row execute function ledger.refuse_log_change();
create trigger tiles_are_not_truncated before truncate on ledger.log_tiles for each statement execute function ledger.refuse_log_change();
create trigger log_only_grows before update on ledger.log_state for each row execute function ledger.allow_log_growth_only();
create trigger log_stays before delete on ledger.log_state for each row execute function ledger.refuse_log_change();
create trigger log_is_not_truncated before truncate on ledger.log_state for each statement execute function ledger.refuse_log_change();
create trigger checkpoints_are_only_cosigned before update on ledger.log_checkpoints for each row execute function ledger.allow_cosigning_only();
create trigger checkpoints_stay before delete on ledger.log_checkpoints for each row execute function ledger.refuse_log_change();
create trigger checkpoints_are_not_truncated before truncate on ledger.log_checkpoints for each statement execute function ledger.refuse_log_change();
alter table ledger.log_runs enable always trigger runs_stay;
alter table ledger.log_runs enable always trigger runs_are_not_truncated;
alter table ledger.log_tiles enable always trigger tiles_only_grow;
alter table ledger.log_tiles enable always trigger tiles_stay;
alter table ledger.log_tiles enable always trigger tiles_are_not_truncated;
alter table ledger.log_state enable always trigger log_only_grows;
alter table ledger.log_state enable always trigger log_stays;
alter table ledger.log_state enable always trigger log_is_not_truncated;
alter table ledger.log_checkpoints enable always trigger checkpoints_are_only_cosigned;
alter table ledger.log_checkpoints enable always trigger checkpoints_stay;
alter table ledger.log_checkpoints enable always trigger checkpoints_are_not_truncated;

-- A started job is claimed only when the log covers its Started: this says which version that is. Null until it has started.
alter table ledger.job_queue add column started_version bigint;
update ledger.job_queue q set started_version = e.version from ledger.mt_events e where e.stream_id = q.job_id and e.type = 'started';
