-- What is wrong with the server or the database itself, with its cure, the worst first.
with settings as (
    select pg_is_in_recovery() as is_standby, current_setting('ledger.may_lose_data', true) is not distinct from 'on' as may_lose_data,
        d.datname, pg_encoding_to_char(d.encoding) as encoding,
        coalesce(d.datcollversion <> pg_database_collation_actual_version(d.oid), false) as is_sorted_otherwise
    from pg_database d where d.datname = current_database())
select problem
from settings cross join lateral (values
    (1, case when encoding <> 'UTF8' then format(
        'the database''s encoding is %s, which does not take every character: '
        || 'make one with `create database %I encoding ''UTF8'' template template0`',
        encoding, datname) end),
    (2, case when is_standby then 'the database is a standby, which only reads: connect to the primary' end),
    (3, case when not is_standby and current_setting('transaction_read_only') = 'on' then
        'the database only reads: let its sessions write (`default_transaction_read_only = off`), or connect to the primary' end),
    (4, case when current_setting('fsync') = 'off' and not may_lose_data then
        'fsync is off, so a power cut loses what was accepted: `alter system set fsync = on; select pg_reload_conf()`'
        || ' (a cluster for tests says in its configuration `ledger.may_lose_data = on`)' end),
    (5, case when current_setting('full_page_writes') = 'off' and not may_lose_data then
        'full_page_writes is off, so a power cut can tear pages: `alter system set full_page_writes = on; select pg_reload_conf()`' end),
    (6, case when is_sorted_otherwise then format(
        'the database''s collation is of another version than the system''s, so indexes can miss rows: '
        || '`reindex database %I; alter database %I refresh collation version`',
        datname, datname) end),
    (7, case when current_setting('session_replication_role') <> 'origin' then
        'session_replication_role is not origin, so foreign keys do not check: as a superuser, reset it where it was set' end),
    (8, case when 'on' in (current_setting('zero_damaged_pages'), current_setting('ignore_checksum_failure')) then
        'zero_damaged_pages or ignore_checksum_failure is on, so rows of damaged pages are not seen: '
        || 'as a superuser, reset it where it was set' end),
    (9, case when current_setting('row_security') <> 'off' or current_setting('synchronous_commit') not in ('on', 'remote_apply') then
        'a session has lost its settings: does a pooler stand between that resets it? '
        || 'Set `pool_mode = session` in it, or connect to PostgreSQL itself' end),
    (10, case when exists (select from pg_roles where rolname = 'ledger_owner' and (rolcanlogin or rolsuper)) then
        'the role ledger_owner, which owns everything, must be nobody''s to log in as, and no superuser: '
        || '`alter role ledger_owner nologin nosuperuser`, and log in as another role that was granted it' end)
) as found (place, problem)
where problem is not null
order by place
