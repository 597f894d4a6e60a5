-- What is wrong with the ledger's tables, with its cure. Whether they are there at all, and tables, is asked with the rights to them.
with tables as (
    select c.*, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('ledger', 'conversations', 'wolverine') and c.relkind in ('r', 'p', 'f', 'v', 'm')),
service as (select coalesce(bool_or(rolbypassrls or rolsuper), false) as bypasses from pg_roles where rolname = 'ledger_service'),
-- The constraints without which a deletion is not confirmed (docs/adr/0008), and an event could be without its stream.
keys (name, on_table) as (values ('items_of_conversation', 'conversations.items'), ('fkey_mt_events_stream_id', 'ledger.mt_events')),
triggers (on_table, name) as (
    select on_table, unnest(string_to_array(names, ' ')) from (values
        ('ledger.mt_events', 'events_stay events_are_not_truncated events_do_not_change events_can_be_leaves'),
        ('ledger.mt_streams', 'streams_stay streams_are_not_truncated streams_only_grow streams_are_typed'),
        ('ledger.mt_streams', 'new_streams_are_queued appends_are_queued appends_are_later'),
        ('ledger.job_manifest', 'manifest_only_settles'),
        ('ledger.job_secrets', 'secrets_take_the_newest_epoch'),
        ('ledger.log_runs', 'runs_stay runs_are_not_truncated'),
        ('ledger.log_tiles', 'tiles_only_grow tiles_stay tiles_are_not_truncated'),
        ('ledger.log_state', 'log_only_grows log_stays log_is_not_truncated'),
        ('ledger.log_checkpoints', 'checkpoints_are_only_cosigned checkpoints_stay checkpoints_are_not_truncated')
    ) as listed (on_table, names))
select problem from (
    -- Its owner is not filtered: then it is asked about the service.
    select 1 as place, format(
        'row level security is enabled on %s, so rows would not be seen: '
        || '`alter table %s disable row level security`, or give the service''s role BYPASSRLS', t.name, t.name)
    from tables t, service s
    where t.relrowsecurity and case when pg_has_role(t.relowner, 'member') then not s.bypasses else row_security_active(t.oid) end
    union all
    select 3, format('%s has the child table %s, whose rows no key confirms: move its rows into %s and `drop table %s`',
        t.name, i.inhrelid::regclass, t.name, i.inhrelid::regclass)
    from tables t join pg_inherits i on i.inhparent = t.oid
    union all
    select 4, format('the rule %s on %s rewrites what the service asks for: `drop rule %s on %s`', r.rulename, t.name, r.rulename, t.name)
    from tables t join pg_rewrite r on r.ev_class = t.oid where t.relkind = 'r'
    union all
    select 5, format('%s is unlogged, so a crash empties it: `alter table %s set logged`', t.name, t.name)
    from tables t where t.relkind = 'r' and t.relpersistence = 'u' and t.name <> 'ledger.rate_counters'
    union all
    select 6, format('the foreign key %s on %s is not valid or does not check: '
        || '`alter table %s enable trigger all` on both its tables as a superuser, and `validate constraint %s`',
        c.conname, t.name, t.name, c.conname)
    from tables t join pg_constraint c on c.conrelid = t.oid and c.contype = 'f'
    where not c.convalidated or exists (select from pg_trigger g where g.tgconstraint = c.oid and g.tgenabled in ('D', 'R'))
    union all
    select 7, format('the foreign key %s is missing from %s, and deletions are confirmed by it: add it as the migrations do',
        k.name, k.on_table)
    from keys k join tables t on t.name = k.on_table and t.relkind = 'r'
    where not exists (select from pg_constraint c where c.conrelid = t.oid and c.conname = k.name and c.contype = 'f')
    union all
    select 8, case when g.tgname is null
        then format('the trigger %s on %s is missing, and what is recorded rests on it: create it as the migrations do', k.name, k.on_table)
        else format('the trigger %s on %s does not fire: run `ledger migrate`', k.name, k.on_table) end
    from triggers k join tables t on t.name = k.on_table and t.relkind = 'r'
    left join pg_trigger g on g.tgrelid = t.oid and g.tgname = k.name
    where g.tgname is null or g.tgenabled in ('D', 'R')
) as found (place, problem)
order by place, problem
