-- Whether this role owns what the service may only append to.
select case
    when (select rolsuper from pg_roles where rolname = current_user)
    then 'the service''s role is a superuser, so it could rewrite what is recorded: connect as ledger_service'
    when exists (select from pg_roles r where r.rolname = 'ledger_owner' and pg_has_role(r.oid, 'member'))
    then format(
        'the service''s role may become ledger_owner, so it could rewrite what is recorded: connect as ledger_service, '
            || 'or `revoke ledger_owner from %I`', current_user)
    else (
        select format('the service''s role owns %I.%I, so it could rewrite what is recorded: connect as ledger_service,'
            || ' or give the tables to another role'
            || ' (`reassign owned by %I to …`, or `alter table … owner to …`)', n.nspname, c.relname, current_user)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('ledger', 'conversations') and c.relkind = 'r' and pg_has_role(c.relowner, 'member') limit 1)
end
