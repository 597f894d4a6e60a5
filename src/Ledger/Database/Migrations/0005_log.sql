-- The transparency log (docs/adr/0011): which events are still to be sequenced, which leaf is which event, the tree's tiles, and every
-- checkpoint ever signed.

-- Appended and not yet in the log; a row is at most 4,096 events of one stream. The service may read and remove, never add: only the
-- trigger below does.
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

-- Every checkpoint ever signed. Served, and good for a claim, once published_at is set: at once, or when the witnesses' quorum has
-- cosigned.
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

-- Whatever appends is queued, in the transaction of the events. Marten inserts events row by row, so it is the stream that is watched: its
-- version moves once an append. It runs with its owner's rights: who appends may not write the queue.
create function ledger.queue_for_log() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.log_queue (stream_id, first_version, last_version)
    values (new.id, case tg_op when 'INSERT' then 1 else old.version + 1 end, new.version);
    return null;
end $$;
create trigger new_streams_are_queued after insert on ledger.mt_streams for each row execute function ledger.queue_for_log();
create trigger appends_are_queued after update of version on ledger.mt_streams for each row
    when (new.version > old.version) execute function ledger.queue_for_log();
alter table ledger.mt_streams enable always trigger new_streams_are_queued;
alter table ledger.mt_streams enable always trigger appends_are_queued;

create function ledger.refuse_log_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'the log only grows: % on % is refused', tg_op, tg_table_name using errcode = 'LV001';
end $$;

create function ledger.allow_tile_growth_only() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (new.level, new.number) is distinct from (old.level, old.number) or substr(new.hashes, 1, octet_length(old.hashes)) is distinct from old.hashes then
        raise exception 'a tile only grows: this change is refused' using errcode = 'LV001';
    end if;
    return new;
end $$;

create function ledger.allow_log_growth_only() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.size < old.size or (new.size = old.size and new.root is distinct from old.root) or (new.origin is null and old.origin is not null) then
        raise exception 'the log only grows: this change is refused' using errcode = 'LV001';
    end if;
    return new;
end $$;

create function ledger.allow_cosigning_only() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
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
create trigger checkpoints_are_only_cosigned before update on ledger.log_checkpoints
    for each row execute function ledger.allow_cosigning_only();
create trigger checkpoints_stay before delete on ledger.log_checkpoints for each row execute function ledger.refuse_log_change();
create trigger checkpoints_are_not_truncated before truncate on ledger.log_checkpoints
    for each statement execute function ledger.refuse_log_change();
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

-- The change log (docs/adr/0018): what became of a bot and its jobs, in log order. Who gives the leaves their places adds its rows in the
-- same transaction. Every row can be had again from the leaves alone.
create table ledger.change_log (
    bot_id        text        not null,
    -- The leaf of the entry's last event. Later entries always have later positions, which makes a cursor exact.
    position      bigint      not null,
    id            uuid        not null, -- of stream and first version
    stream_id     uuid        not null,
    first_version bigint      not null,
    last_version  bigint      not null,
    first_leaf    bigint      not null,
    created_at    timestamptz not null,
    outcomes      jsonb,                -- of a batch, how many conversations had which outcome; null: the entry is one event
    constraint change_log_order primary key (bot_id, position) include (created_at),
    constraint change_log_range check (1 <= first_version and first_version <= last_version)
);
create unique index change_log_of_stream on ledger.change_log (stream_id, first_version);
create index change_log_id on ledger.change_log (bot_id, id);

-- What was erased in the latest nights.
create index change_log_erased on ledger.change_log (bot_id, created_at) where outcomes is not null;

-- What is published under the log's present name: one row. An event is covered once its leaf is below size.
-- Size is null until something is published.
create view ledger.published_log as
select s.origin, c.size, c.published_at, s.size as tree_size, s.covered_until
from ledger.log_state s
left join lateral (
    select c.size, c.published_at
    from ledger.log_checkpoints c
    where c.origin = s.origin and c.published_at is not null
    order by c.size desc
    limit 1) c on true;

-- Whether a published checkpoint of this many leaves covers an event.
create function ledger.is_covered(p_size bigint, p_stream uuid, p_version bigint) returns boolean language sql stable as $$
    select coalesce((
        select p_version < r.first_version + r.count and r.first_index + (p_version - r.first_version) < p_size
        from ledger.log_runs r
        where r.stream_id = p_stream and r.first_version <= p_version
        order by r.first_version desc
        limit 1), false)
$$;

-- Locks the stream of the job of a bot that deserves a turn most, of those that are due in a window and that nobody else holds. Returns
-- its id and its place; nothing when there is none. The order is that of the due instants. A job that a turn had to leave stands behind
-- all that were due by then. What has started goes before what has not: a job that has begun should end. From a place on, the jobs before
-- it are not looked at: what ended before it stays in the indexes as long as any snapshot is open that could see it. The settings leave
-- the planner only the indexes, whatever it knows or does not know of the tables: a plan that was made when they were small stays good.
-- What was read beside the locked row may be older than it: see locked_job.
create function ledger.lock_due_job(
    p_window text, p_bot text,
    p_started_planned_at timestamptz, p_started_submitted_at timestamptz, p_started_id uuid,
    p_planned_at timestamptz, p_submitted_at timestamptz, p_id uuid)
    returns table (job uuid, planned_at timestamptz, submitted_at timestamptz, is_started boolean) language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set enable_incremental_sort = off
    set enable_hashjoin = off set enable_mergejoin = off set enable_material = off set enable_memoize = off
    set jit = off set plan_cache_mode = force_generic_plan as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_size bigint;
    v_left timestamptz; -- when the job was left that was left first
    v_until timestamptz;
    v_uncovered integer;
    v_job record;
begin
    -- Nothing is deleted before the log has committed to what: a started job waits for a published checkpoint that covers its Started, in a
    -- log that is not behind. Where the planned opening has ended there is nothing to delete, only a new plan: that waits for nothing.
    select p.size into v_size
    from ledger.published_log p
    where p.covered_until between v_now - interval '10 seconds' and v_now + interval '10 seconds';
    select w.last_slice into v_left
    from ledger.job_work w
    join ledger.mt_doc_job j on j.id = w.job_id
    where w.last_slice is not null and j.status = 'queued' and j.window_name = p_window and j.bot = p_bot and j.planned_at <= v_now
        and (w.not_before is null or w.not_before <= v_now)
    order by w.last_slice
    limit 1;
    v_until := least(v_now, v_left);
    for v_pass in 1 .. 2 loop
        v_uncovered := 0;
        for v_job in
            select j.id, j.started_version, j.planned_at, j.submitted_at, j.closes_at
            from ledger.mt_doc_job j
            left join ledger.job_work w on w.job_id = j.id
            where j.status = 'queued' and j.started_version is not null and j.window_name = p_window and j.bot = p_bot
                and j.planned_at <= v_until and w.last_slice is null and (w.not_before is null or w.not_before <= v_now)
                and (j.planned_at, j.submitted_at, j.id) >= (p_started_planned_at, p_started_submitted_at, p_started_id)
            order by j.planned_at, j.submitted_at, j.id
        loop
            if v_job.closes_at <= v_now
                or (v_size is not null and ledger.is_covered(v_size, v_job.id, v_job.started_version)) then
                perform from ledger.mt_streams s where s.id = v_job.id for update skip locked;
                if found then
                    return query select v_job.id, v_job.planned_at, v_job.submitted_at, true;
                    return;
                end if;
            else
                -- The log takes them up in the order in which they started, which is this one: behind so many, none is covered.
                v_uncovered := v_uncovered + 1;
                exit when v_uncovered = 16;
            end if;
        end loop;
        return query
        select s.id, j.planned_at, j.submitted_at, false
        from ledger.mt_doc_job j
        join ledger.mt_streams s on s.id = j.id
        left join ledger.job_work w on w.job_id = j.id
        where j.status = 'queued' and j.started_version is null and j.window_name = p_window and j.bot = p_bot
            and j.planned_at <= v_until and w.last_slice is null and (w.not_before is null or w.not_before <= v_now)
            and (j.planned_at, j.submitted_at, j.id) >= (p_planned_at, p_submitted_at, p_id)
        order by j.planned_at, j.submitted_at, j.id
        limit 1
        for update of s skip locked;
        if found or v_pass = 2 or v_left is null then
            return;
        end if;
        for v_job in
            select j.id, j.started_version, j.planned_at, j.submitted_at, j.closes_at
            from ledger.job_work w
            join ledger.mt_doc_job j on j.id = w.job_id
            where w.last_slice is not null and j.status = 'queued' and j.window_name = p_window and j.bot = p_bot and j.planned_at <= v_now
                and (w.not_before is null or w.not_before <= v_now)
            order by w.last_slice
        loop
            if v_job.started_version is null or v_job.closes_at <= v_now
                or (v_size is not null and ledger.is_covered(v_size, v_job.id, v_job.started_version)) then
                perform from ledger.mt_streams s where s.id = v_job.id for update skip locked;
                if found then
                    return query select v_job.id, v_job.planned_at, v_job.submitted_at, null::boolean;
                    return;
                end if;
            end if;
        end loop;
        v_until := v_now;
    end loop;
end $$;

-- What of a window is due by the database's clock: no job, one, or 2 for more; when the first of those is due that are not yet; and the
-- place of the first job that is due or put off. From a place on, the jobs before it are not looked at: see lock_due_job. The settings
-- leave the planner only the indexes.
create function ledger.window_state(
    p_window text, p_planned_at timestamptz, p_submitted_at timestamptz, p_id uuid,
    out now timestamptz, out due integer, out next timestamptz,
    out first_planned_at timestamptz, out first_submitted_at timestamptz, out first_id uuid)
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set enable_hashjoin = off set enable_mergejoin = off
    set enable_material = off set jit = off set plan_cache_mode = force_generic_plan as $$
begin
    now := clock_timestamp();
    due := 0;
    select j.planned_at, j.submitted_at, j.id into first_planned_at, first_submitted_at, first_id
    from ledger.mt_doc_job j
    where j.status = 'queued' and j.window_name = p_window and j.planned_at <= now
        and (j.planned_at, j.submitted_at, j.id) >= (p_planned_at, p_submitted_at, p_id)
    order by j.planned_at, j.submitted_at, j.id
    limit 1;
    if found then
        select count(*) into due
        from (
            select
            from ledger.mt_doc_job j
            left join ledger.job_work w on w.job_id = j.id
            where j.status = 'queued' and j.window_name = p_window and j.planned_at <= now
                and (j.planned_at, j.submitted_at, j.id) >= (first_planned_at, first_submitted_at, first_id)
                and (w.not_before is null or w.not_before <= now)
            order by j.planned_at, j.submitted_at, j.id
            limit 2) j;
    end if;
    select j.planned_at into next
    from ledger.mt_doc_job j
    where j.status = 'queued' and j.window_name = p_window and j.planned_at > now
    order by j.planned_at, j.submitted_at, j.id
    limit 1;
end $$;

-- A job whose stream this transaction has locked, with what its step needs. No row: it is not due in the window any more, since another had
-- it meanwhile; or it has started meanwhile, and the log does not cover that. That is not asked of a null window.
create function ledger.locked_job(p_job uuid, p_window text) returns table (
    version bigint, resolving text, epoch integer, wrapped_key bytea, sealed_request bytea, now timestamptz)
    language plpgsql set enable_seqscan = off set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare
    v_now constant timestamptz := clock_timestamp();
begin
    return query
    select t.version, w.resolving::text, s.epoch, s.wrapped_key, s.sealed_request, clock_timestamp()
    from ledger.mt_streams t
    join ledger.mt_doc_job j on j.id = t.id
    left join ledger.job_work w on w.job_id = t.id
    left join ledger.job_secrets s on s.job_id = t.id
    where t.id = p_job and (p_window is null or (
        j.status = 'queued' and j.window_name = p_window and j.planned_at <= v_now and (w.not_before is null or w.not_before <= v_now)
        and (j.started_version is null or j.closes_at <= v_now or exists (
            select
            from ledger.published_log p
            where p.covered_until between v_now - interval '10 seconds' and v_now + interval '10 seconds'
                and ledger.is_covered(p.size, t.id, j.started_version)))));
end $$;
