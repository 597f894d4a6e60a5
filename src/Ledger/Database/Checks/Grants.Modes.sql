-- What else the owner puts right each time: triggers fire under every session_replication_role, and nobody but the service calls these
-- functions.
select format('alter table %I.%I enable always trigger %I', n.nspname, c.relname, t.tgname),
    case when not pg_has_role(c.relowner, 'member') then format('alter table %I.%I owner to %I', n.nspname, c.relname, current_user) end
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'ledger' and not t.tgisinternal and t.tgenabled <> 'A'
    and t.tgfoid in (select oid from pg_proc where pronamespace = n.oid)
union all
select format('revoke execute on function %s from public', p.oid::regprocedure),
    case when not pg_has_role(p.proowner, 'member') then format('alter function %s owner to %I', p.oid::regprocedure, current_user) end
from pg_proc p
where p.pronamespace in (select oid from pg_namespace where nspname in ('ledger', 'conversations'))
    and p.proname in (
        'mt_quick_append_events', 'mt_archive_stream', 'queue_for_log', 'lock_due_job', 'window_state', 'locked_job', 'has_conversation')
    and has_function_privilege('public', p.oid, 'execute')
