-- The rights that a role needs ($1, or null: those of the service, for this session's role), of which these are missing, and with which
-- statement the owner gives them. This is the only list of them.
with of_service (kind, objects, rights, columns) as (values
    ('schema', 'ledger conversations wolverine', 'usage', ''),
    ('table', 'ledger.schema_migrations', 'select', ''),
    ('table', 'ledger.mt_streams ledger.mt_events', 'select insert', ''),
    ('table', 'ledger.mt_streams', 'update', 'version timestamp'),
    ('table', 'ledger.event_types', 'select', ''),
    ('sequence', 'ledger.mt_events_sequence', 'usage', ''),
    ('sequence', 'ledger.log_queue_position_seq', 'select', ''),
    ('sequence', 'wolverine.wolverine_node_records_id_seq wolverine.wolverine_nodes_node_number_seq', 'usage', ''),
    ('function', 'ledger.mt_quick_append_events ledger.lock_due_job ledger.window_state ledger.locked_job', 'execute', ''),
    ('function', 'ledger.is_covered conversations.has_conversation', 'execute', ''),
    ('view', 'ledger.published_log', 'select', ''),
    -- Nothing of the service's writes these. Who may only select from a table is not told its keys, and Marten's assertion asks for them.
    ('table', 'ledger.mt_event_progression ledger.mt_event_projection_floors ledger.mt_high_water_skips', 'select references', ''),
    ('table', 'ledger.mt_doc_deadletterevent', 'select references', ''),
    ('table', 'ledger.mt_doc_jobstatus ledger.mt_doc_job ledger.mt_doc_bot ledger.mt_doc_apiclient', 'select insert update delete', ''),
    ('table', 'ledger.mt_doc_deletionwindow ledger.mt_doc_legalhold ledger.change_log', 'select insert update delete', ''),
    ('table', 'ledger.hold_skips', 'select insert update', ''),
    ('table', 'ledger.key_check ledger.replayed_messages ledger.job_manifest_rest', 'select insert', ''),
    ('table', 'ledger.job_work ledger.window_wakes ledger.job_secrets ledger.client_secrets', 'select insert update delete', ''),
    ('table', 'ledger.job_manifest', 'select insert', ''),
    ('table', 'ledger.job_manifest', 'update', 'sealed outcomes open_count'),
    ('table', 'ledger.used_tokens ledger.rate_counters', 'select insert update delete', ''),
    ('table', 'ledger.log_queue', 'select delete', ''),
    ('table', 'ledger.log_runs ledger.log_tiles ledger.log_checkpoints', 'select insert', ''),
    ('table', 'ledger.log_tiles', 'update', 'hashes'),
    ('table', 'ledger.log_state', 'select', ''),
    ('table', 'ledger.log_state', 'update', 'origin size root covered_until'),
    ('table', 'ledger.log_checkpoints', 'update', 'note published_at'),
    ('table', 'ledger.key_epochs', 'select insert', ''),
    ('table', 'ledger.key_epochs', 'update', 'forgotten destroyed_at'),
    ('table', 'ledger.deliveries', 'select insert update delete', ''),
    ('table', 'ledger.webhook_secrets ledger.console_sessions', 'select insert update delete', ''),
    ('table', 'conversations.channel_users conversations.conversations conversations.items', 'select insert update delete', ''),
    ('table', 'conversations.analytics', 'select insert', '')),
-- A Marten store of somebody else's reads events and documents, and its daemon writes how far it has come.
of_reader (kind, objects, rights, columns) as (values
    ('schema', 'ledger', 'usage', ''),
    ('table', 'ledger.mt_streams ledger.mt_events ledger.event_types ledger.change_log', 'select', ''),
    ('sequence', 'ledger.mt_events_sequence', 'select', ''),
    ('table', 'ledger.mt_doc_jobstatus ledger.mt_doc_job ledger.mt_doc_bot ledger.mt_doc_apiclient', 'select', ''),
    ('table', 'ledger.mt_doc_deletionwindow ledger.mt_doc_legalhold', 'select', ''),
    ('table', 'ledger.mt_event_progression ledger.mt_event_projection_floors', 'select insert update delete', ''),
    ('table', 'ledger.mt_high_water_skips ledger.mt_doc_deadletterevent', 'select insert update delete', '')),
listed as (
    select * from of_service where coalesce($1, 'ledger_service') = 'ledger_service'
    union all
    select * from of_reader where $1 = 'ledger_reader'),
needed as (
    select kind, object, privilege, col
    from listed cross join unnest(string_to_array(objects, ' ')) object cross join unnest(string_to_array(rights, ' ')) privilege
    left join unnest(string_to_array(columns, ' ')) col on true
    union all
    select 'table', format('wolverine.%I', c.relname), privilege, null
    from pg_class c cross join unnest(array['select', 'insert', 'update', 'delete', 'references']) privilege
    where c.relkind = 'r' and c.relnamespace = (select oid from pg_namespace where nspname = 'wolverine')
        and coalesce($1, 'ledger_service') = 'ledger_service'),
-- By the catalogue, because a name in a schema that a role may not use is an error to it.
found as (
    select needed.*, coalesce(c.oid, p.oid, s.oid) as oid, coalesce(c.relowner, p.proowner, s.nspowner) as owner, c.relkind
    from needed
    left join pg_namespace n on n.nspname = split_part(object, '.', 1) and kind <> 'schema'
    left join pg_class c on c.relnamespace = n.oid and c.relname = split_part(object, '.', 2) and kind in ('table', 'view', 'sequence')
    left join pg_proc p on p.pronamespace = n.oid and p.proname = split_part(object, '.', 2) and kind = 'function'
    left join pg_namespace s on s.nspname = object and kind = 'schema')
select format('%s%s on %s%s', privilege, of_column, case kind when 'table' then '' else kind || ' ' end, object) as lacking,
    format('grant %s%s on %s %s to %I', privilege, of_column, case kind when 'view' then 'table' else kind end, object,
        coalesce($1, 'ledger_service')) as statement,
    case when not pg_has_role(owner, 'member') then format('alter %s %s owner to %I', kind, object, current_user) end as cure,
    case when oid is null then format('%s %s is missing: bring it back from a backup', kind, object)
        when kind = 'table' and relkind <> 'r'
        then format('%s is not a plain table, so rows could be missing: put the table back in its place', object) end as problem
from found cross join (select coalesce($1::name, current_user) as role) asking
cross join lateral (select case when col is null then '' else format(' (%I)', col) end as of_column) named
where not case
    when oid is null or (kind = 'table' and relkind <> 'r') then false
    when kind = 'schema' then has_schema_privilege(asking.role, oid, privilege)
    when kind = 'function' then has_function_privilege(asking.role, oid, privilege)
    when kind = 'sequence' then has_sequence_privilege(asking.role, oid, privilege)
    when col is not null then has_column_privilege(asking.role, oid, col, privilege)
    else has_table_privilege(asking.role, oid, privilege)
end
order by kind <> 'schema', lacking
