-- What a claim reads does not grow with the ledger (docs/adr/0029).

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

-- Not a claim of the state's: a generated column cannot differ from it.
create function ledger.instant_of(p_text text) returns timestamptz language sql immutable as $$ select p_text::timestamptz $$;

alter table ledger.job_queue
    -- When the opening that the job is planned into ends.
    add column closes_at timestamptz generated always as (ledger.instant_of(state -> 'window' ->> 'closes')) stored,
    -- From Started until the log's writer has seen that a published checkpoint covers it. Only says where to look: a claim checks it itself.
    add column is_waiting_for_log boolean not null default false;
update ledger.job_queue set is_waiting_for_log = started_version is not null;

-- One index for each way that a claim looks at the queue. Its order is the claim's: the first row found is the one to take.
drop index ledger.job_queue_due;
create index job_queue_ready on ledger.job_queue (window_name, due_at, submitted_at, job_id) where not is_waiting_for_log;
create index job_queue_not_started on ledger.job_queue (window_name, due_at, submitted_at, job_id) where started_version is null;
create index job_queue_closing on ledger.job_queue (window_name, closes_at, due_at, submitted_at, job_id) where started_version is not null;
create index job_queue_waiting_for_log on ledger.job_queue (job_id) where is_waiting_for_log;

-- Whether a published checkpoint of this many leaves covers an event.
create function ledger.is_covered(p_size bigint, p_stream uuid, p_version bigint) returns boolean language sql stable as $$
    select coalesce((
        select p_version < r.first_version + r.count and r.first_index + (p_version - r.first_version) < p_size
        from ledger.log_runs r
        where r.stream_id = p_stream and r.first_version <= p_version
        order by r.first_version desc
        limit 1), false)
$$;

-- Locks the window's job that has been due longest and that nobody else holds, and returns its id; null when there is none. The settings leave
-- the planner only the indexes, whatever it knows or does not know of the tables: a plan that was made when they were small stays good.
create function ledger.lock_due_job(p_window text) returns uuid language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set enable_incremental_sort = off
    set jit = off set plan_cache_mode = force_generic_plan as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_size bigint;
    v_job uuid;
begin
    -- Where the planned opening has ended there is nothing to delete, only a new plan: that does not wait for the log. (What has not started
    -- is found below.)
    select q.job_id into v_job
    from ledger.job_queue q
    where q.window_name = p_window and q.started_version is not null and q.closes_at <= v_now and q.due_at <= v_now
    order by q.closes_at, q.due_at, q.submitted_at, q.job_id
    limit 1
    for update skip locked;
    if found then
        return v_job;
    end if;
    -- Nothing is deleted before the log has committed to what: a started job waits for a published checkpoint that covers its Started, in a
    -- log that is not behind.
    select p.size into v_size
    from ledger.published_log p
    where p.covered_until between v_now - interval '10 seconds' and v_now + interval '10 seconds';
    if found then
        select q.job_id into v_job
        from ledger.job_queue q
        where q.window_name = p_window and not q.is_waiting_for_log and q.due_at <= v_now
            and (q.started_version is null or ledger.is_covered(v_size, q.job_id, q.started_version))
        order by q.due_at, q.submitted_at, q.job_id
        limit 1
        for update skip locked;
    else
        select q.job_id into v_job
        from ledger.job_queue q
        where q.window_name = p_window and q.started_version is null and q.due_at <= v_now
        order by q.due_at, q.submitted_at, q.job_id
        limit 1
        for update skip locked;
    end if;
    return v_job;
end $$;

-- A job whose queue row this transaction has locked, with what its step needs. Status and instant are null where they are not of the queue
-- row's version.
create function ledger.locked_job(p_job uuid) returns table (
    job_id uuid, version bigint, state text, status text, resolving text, epoch integer, wrapped_key bytea, sealed_request bytea,
    now timestamptz, recorded_at timestamptz)
    language plpgsql set enable_seqscan = off set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan as $$
begin
    return query
    select q.job_id, q.version, q.state::text, d.data::text, q.resolving::text, s.epoch, s.wrapped_key, s.sealed_request,
        clock_timestamp(), t.timestamp
    from ledger.job_queue q
    left join ledger.mt_doc_jobstatus d on d.id = q.job_id and d.mt_version = q.version
    left join ledger.mt_streams t on t.id = q.job_id and t.version = q.version
    left join ledger.job_secrets s on s.job_id = q.job_id
    where q.job_id = p_job;
end $$;

-- Lets claims look at the started jobs that what is published covers. A row that somebody holds has its turn in the next pass.
create function ledger.release_covered_jobs() returns void language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan as $$
begin
    update ledger.job_queue q
    set is_waiting_for_log = false
    where q.job_id in (
        select w.job_id
        from ledger.job_queue w
        where w.is_waiting_for_log and ledger.is_covered((select p.size from ledger.published_log p), w.job_id, w.started_version)
        order by w.job_id
        for update skip locked);
end $$;
