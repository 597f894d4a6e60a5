-- The next statement that the roles need before a migration, if any. Functions of rights are asked by the catalogue's numbers, since a name
-- that is unknown is an error to them.
with listed (place, name, may) as (values (1, 'ledger_owner', 'nologin'), (2, 'ledger_service', 'login'), (3, 'ledger_reader', 'nologin'))
select statement from (
    select place, format('create role %I %s', name, may) from listed where name not in (select rolname from pg_roles)
    union all
    select 4, format('grant ledger_owner to %I', current_user)
    from pg_roles r where r.rolname = 'ledger_owner' and not pg_has_role(r.oid, 'member')
    union all
    select 5, format('grant create, temporary on database %I to ledger_owner', current_database())
    from pg_roles r
    where r.rolname = 'ledger_owner'
        and not (has_database_privilege(r.oid, current_database(), 'create')
            and has_database_privilege(r.oid, current_database(), 'temporary'))
) as needed (place, statement)
order by place
limit 1
