-- The next statement that the roles need before a migration, if any. Functions of rights are asked by the catalogue's numbers, since a name
-- that is unknown is an error to them.
with listed (place, name, may) as (values (1, 'ledger_owner', 'nologin'), (2, 'ledger_service', 'login'), (3, 'ledger_reader', 'nologin'))
select statement from (
    select place, format('create role %I %s', name, may) from listed where name not in (select rolname from pg_roles)
    union all
    select 4, format('grant ledger_owner to %I', current_user)
    from pg_roles r
    -- From PostgreSQL 16 on a member may become a role only if the membership says so.
    where r.rolname = 'ledger_owner' and not case
        when current_setting('server_version_num')::int >= 160000 then pg_has_role(r.oid, 'set')
        else pg_has_role(r.oid, 'member')
    end
    union all
    select 5, format('grant create, temporary on database %I to ledger_owner', current_database())
    from pg_roles r
    where r.rolname = 'ledger_owner'
        and not (has_database_privilege(r.oid, current_database(), 'create')
            and has_database_privilege(r.oid, current_database(), 'temporary'))
) as needed (place, statement)
order by place
limit 1
