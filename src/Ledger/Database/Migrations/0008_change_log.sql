-- The change log (docs/adr/0018): what became of a bot and its jobs, in log order. A projection: every row can be had again from events and log_runs by change_log_of.
create table ledger.change_log (
    bot_id        text        not null,
    position      bigint      not null, -- the leaf of the entry's last event: later entries always have later positions, which is what makes a cursor exact
    id            uuid        not null, -- of the entry's first event
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
-- Not unique: an event that somebody inserts with another's id must not stop the log.
create index change_log_id on ledger.change_log (bot_id, id);

-- An outcome of one conversation; a failed event without an ordinal is a whole attempt's.
create function ledger.is_outcome(p_type text, p_data jsonb) returns boolean language sql immutable as $$
    select p_type in ('conversation_deleted', 'conversation_skipped') or (p_type = 'failed' and p_data ? 'ordinal')
$$;

-- 0 for what is no number: what an event of another's making holds must not stop the log. (What is in the log is an integer below 2^53.)
create function ledger.number_in(p_data jsonb, p_member text) returns bigint language sql immutable as $$
    select case jsonb_typeof(p_data -> p_member) when 'number' then (p_data -> p_member)::bigint else 0 end
$$;

-- The entries that streams' events make, from a version of each on (with which an entry must begin), as far as they are in the log. Consecutive outcomes of one instant
-- are one entry: no two appends to a job share one. An entry of which an event is not in the log yet is left out.
create function ledger.change_log_of(p_streams uuid[], p_from bigint[]) returns setof ledger.change_log language sql stable as $$
with streams as (
    -- A job's first event names its bot, and so does a bot's. What is longer than an id (128 characters) is of another's making, and might not fit the index.
    select s.id, s.type = 'deletion_job' as is_job, o.data ->> 'bot' as bot_id, w.from_version, r.first_version + r.count - 1 as to_version
    from unnest(p_streams, p_from) as w (stream_id, from_version)
    join ledger.mt_streams s on s.id = w.stream_id and s.type in ('deletion_job', 'bot')
    join ledger.mt_events o on o.stream_id = s.id and o.version = 1
    cross join lateral (select first_version, count from ledger.log_runs where stream_id = s.id order by first_version desc limit 1) r
    where octet_length(o.data ->> 'bot') <= 512),
events as (
    select s.bot_id, s.id as stream_id, s.is_job and e.could_be_outcome as is_outcome, e.*
    from streams s
    -- "order by" keeps this a query of its own: of a job's many events only those from the version on are read, and only what is counted is sorted.
    cross join lateral (
        select version, timestamp, type, ledger.is_outcome(type, data) as could_be_outcome, case type when 'conversation_skipped' then coalesce(data ->> 'reason', '') end as reason,
            ledger.number_in(data -> 'items', 'messages') as messages, ledger.number_in(data -> 'items', 'transcripts') as transcripts,
            ledger.number_in(data -> 'items', 'recordings') as recordings, ledger.number_in(data -> 'items', 'attachments') as attachments,
            ledger.number_in(data -> 'items', 'logs') as logs
        from ledger.mt_events
        where stream_id = s.id and version between s.from_version and s.to_version
        order by version) e),
placed as (
    -- Consecutive versions have one place.
    select *, case when is_outcome then version - row_number() over (partition by stream_id, is_outcome, timestamp order by version) else version end as place
    from events),
counted as (
    select bot_id, stream_id, timestamp, is_outcome, place, type, reason, min(version) as first_version, max(version) as last_version, count(*) as events,
        sum(messages) as messages, sum(transcripts) as transcripts, sum(recordings) as recordings, sum(attachments) as attachments, sum(logs) as logs
    from placed
    group by bot_id, stream_id, timestamp, is_outcome, place, type, reason),
entries as (
    select bot_id, stream_id, timestamp, is_outcome, min(first_version) as first_version, max(last_version) as last_version,
        case when is_outcome then jsonb_build_object(
            'deleted', coalesce(sum(events) filter (where type = 'conversation_deleted'), 0),
            'failed', coalesce(sum(events) filter (where type = 'failed'), 0),
            'skipped', coalesce(jsonb_object_agg(reason, events) filter (where reason is not null), '{}'),
            'items', jsonb_build_object(
                'messages', sum(messages), 'transcripts', sum(transcripts), 'recordings', sum(recordings), 'attachments', sum(attachments), 'logs', sum(logs))) end as outcomes
    from counted
    group by bot_id, stream_id, timestamp, is_outcome, place)
select e.bot_id, last.leaf, f.id, e.stream_id, e.first_version, e.last_version, first.leaf, e.timestamp, e.outcomes
from entries e
join ledger.mt_events f on f.stream_id = e.stream_id and f.version = e.first_version
cross join lateral (
    select r.first_index + (e.first_version - r.first_version) as leaf, r.first_version + r.count - 1 as last_version
    from ledger.log_runs r where r.stream_id = e.stream_id and r.first_version <= e.first_version order by r.first_version desc limit 1) first
cross join lateral (
    select r.first_index + (e.last_version - r.first_version) as leaf, r.first_version + r.count - 1 as last_version
    from ledger.log_runs r where r.stream_id = e.stream_id and r.first_version <= e.last_version order by r.first_version desc limit 1) last
where e.first_version <= first.last_version and e.last_version <= last.last_version
    and not (e.is_outcome and exists (
        select from ledger.mt_events n
        where n.stream_id = e.stream_id and n.version = e.last_version + 1 and n.timestamp = e.timestamp and ledger.is_outcome(n.type, n.data)))
$$;

-- Whoever puts events into the log extends the change log in the same transaction: a node of the version before this one, too, while a cluster is upgraded.
create function ledger.extend_change_log() returns trigger language plpgsql set jit = off as $$
declare
    v_streams uuid[];
    v_from bigint[];
begin
    select array_agg(a.stream_id), array_agg(1 + coalesce(
        (select c.last_version from ledger.change_log c where c.stream_id = a.stream_id order by c.first_version desc limit 1), 0))
    into v_streams, v_from
    from (select distinct stream_id from added) a;
    insert into ledger.change_log select * from ledger.change_log_of(v_streams, v_from);
    return null;
end $$;
create trigger runs_extend_the_change_log after insert on ledger.log_runs referencing new table as added for each statement execute function ledger.extend_change_log();
alter table ledger.log_runs enable always trigger runs_extend_the_change_log;

-- What was logged before. Creating the trigger has locked the table: no event falls between the two.
insert into ledger.change_log
select c.*
from (select array_agg(stream_id) as streams, array_agg(1::bigint) as versions from (select distinct stream_id from ledger.log_runs) logged) all_of
cross join lateral ledger.change_log_of(all_of.streams, all_of.versions) c;

-- Whether a client's getting a job's identifiers is recorded already: see RegistryStore.DiscloseOnceAsync.
create index mt_events_disclosures on ledger.mt_events (stream_id, (data ->> 'job'), (data ->> 'client'), (data ->> 'what')) where type = 'identifiers_disclosed';
