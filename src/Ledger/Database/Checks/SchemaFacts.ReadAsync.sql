-- What the ledger's schema is made of, a fact a line: kind,table,name,type,nullable,default_or_definition. A comma inside a fact is written
-- as a semicolon. What must not be is a fact only where it is: another owner, a policy, a rule, a child table, an unlogged table.
with schemas as (select oid, nspname, nspacl, nspowner from pg_namespace where nspname in ('ledger', 'conversations')),
relations as (
    select c.oid, c.relname, c.relkind, c.relacl, c.relowner, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity
    from pg_class c join schemas n on n.oid = c.relnamespace
    where n.nspname = 'ledger' and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')),
tables as (select * from relations where relkind = 'r'),
everywhere as (
    select c.oid, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
        case n.nspname when 'ledger' then c.relname else n.nspname || '.' || c.relname end as relname
    from pg_class c join schemas n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'f', 'v', 'm')),
functions as (
    select p.*, case n.nspname when 'ledger' then p.proname else n.nspname || '.' || p.proname end as name
    from pg_proc p join schemas n on n.oid = p.pronamespace
    where n.nspname = 'ledger' or p.proname = 'has_conversation'),
facts (kind, tab, place, name, type, nullable, definition) as (
    select 'column', t.relname, a.attnum, a.attname, replace(format_type(a.atttypid, a.atttypmod), 'character varying', 'varchar'),
        case when a.attnotnull then 'NO' else 'YES' end, coalesce(pg_get_expr(d.adbin, d.adrelid), '')
    from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    -- Deletions are confirmed by a key between tables of conversations (docs/adr/0008).
    select 'constraint', t.relname, 0, o.conname, o.contype::text,
        case when not o.convalidated then 'not valid'
            when exists (select from pg_trigger g where g.tgconstraint = o.oid and g.tgisinternal and g.tgenabled in ('D', 'R'))
            then 'does not check' else '' end,
        pg_get_constraintdef(o.oid)
    from everywhere t join pg_constraint o on o.conrelid = t.oid and o.contype <> 'n'
    union all
    select 'index', t.relname, 0, i.relname,
        case when x.indisunique then 'unique'
            when x.indexprs is null and x.indpred is null and not exists (
                select from unnest(x.indclass) k (oid) join pg_opclass c on c.oid = k.oid
                where c.opcnamespace <> 'pg_catalog'::regnamespace)
            then 'plain' else 'with code' end, '',
        substring(pg_get_indexdef(i.oid) from ' USING (.*)$')
    from tables t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
    union all
    select 'unique', t.relname, 0, i.relname, '', '', ''
    from tables t join pg_index x on x.indrelid = t.oid and x.indisunique join pg_class i on i.oid = x.indexrelid
    union all
    select 'sequence', s.relname, 0, '', format_type(q.seqtypid, null), '',
        format('start %s increment %s cache %s', q.seqstart, q.seqincrement, q.seqcache)
    from relations s join pg_sequence q on q.seqrelid = s.oid
    union all
    select 'trigger', t.relname, 0, g.tgname,
        case g.tgenabled when 'A' then 'always' when 'O' then 'origin' when 'R' then 'replica' else 'disabled' end, '',
        substring(pg_get_triggerdef(g.oid) from '(?:BEFORE|AFTER|INSTEAD OF) .*$')
    from tables t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
    union all
    select 'function', '', 0, p.name, format_type(p.prorettype, null), '',
        format('(%s) security %s%s body %s', pg_get_function_identity_arguments(p.oid),
            case when p.prosecdef then 'definer' else 'invoker' end,
            coalesce(' set ' || array_to_string(p.proconfig, ' '), ''), encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex'))
    from functions p
    union all
    -- Without white space and parentheses, which versions of PostgreSQL put in differently.
    select 'view', '', 0, v.relname, '', '',
        'query ' || encode(sha256(convert_to(regexp_replace(pg_get_viewdef(v.oid), '[\s()]', '', 'g'), 'UTF8')), 'hex')
    from relations v where v.relkind in ('v', 'm')
    union all
    -- To the ledger's own roles and to everybody. Of others only what lets them write: who else reads is the operator's affair.
    select 'grant', g.tab, 0, g.grantee, g.privilege, '', g.definition
    from (
        select t.relname as tab, coalesce(r.rolname, 'public') as grantee, lower(g.privilege_type) as privilege, '' as definition
        from relations t cross join aclexplode(t.relacl) g left join pg_roles r on r.oid = g.grantee where g.grantee <> t.relowner
        union all
        select t.relname, coalesce(r.rolname, 'public'), lower(g.privilege_type), a.attname
        from relations t join pg_attribute a on a.attrelid = t.oid cross join aclexplode(a.attacl) g
        left join pg_roles r on r.oid = g.grantee where g.grantee <> t.relowner
        union all
        select 'schema', coalesce(r.rolname, 'public'), lower(g.privilege_type), n.nspname
        from schemas n cross join aclexplode(n.nspacl) g left join pg_roles r on r.oid = g.grantee
        where n.nspname = 'ledger' and g.grantee <> n.nspowner
        union all
        select 'function', coalesce(r.rolname, 'public'), lower(g.privilege_type), p.name
        from functions p cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
        left join pg_roles r on r.oid = g.grantee where g.grantee <> p.proowner) g
    where g.grantee in ('ledger_service', 'ledger_reader', 'public')
        or g.privilege in ('insert', 'update', 'delete', 'truncate', 'trigger', 'create')
    union all
    select 'owner', '', 0, o.name, r.rolname, '', o.kind
    from (
        select relname as name, relowner as owner, 'relation' as kind from relations
        union all select name, proowner, 'function' from functions
        union all select nspname, nspowner, 'schema' from schemas) o
    join pg_roles r on r.oid = o.owner where r.rolname <> 'ledger_owner'
    union all
    select 'policy', t.relname, 0, p.polname, p.polcmd::text, '', coalesce(pg_get_expr(p.polqual, p.polrelid), '')
    from everywhere t join pg_policy p on p.polrelid = t.oid
    union all
    select 'row security', relname, 0, '', '', '', '' from everywhere where relrowsecurity or relforcerowsecurity
    union all
    select 'rule', t.relname, 0, w.rulename, '', '', pg_get_ruledef(w.oid)
    from everywhere t join pg_rewrite w on w.ev_class = t.oid where w.rulename <> '_RETURN'
    union all
    select 'child table', t.relname, 0, i.inhrelid::regclass::text, '', '', '' from everywhere t join pg_inherits i on i.inhparent = t.oid
    union all
    select 'unlogged', relname, 0, '', '', '', '' from everywhere where relkind = 'r' and relpersistence <> 'p'
    union all
    select 'foreign or partitioned', relname, 0, '', relkind::text, '', '' from everywhere where relkind in ('p', 'f', 'm')
    union all
    -- The three roles' rights beyond their grants, and of whom service and reader are members.
    select 'role', '', 0, r.rolname, a.attribute, '', ''
    from pg_roles r cross join lateral (values
        ('superuser', r.rolsuper), ('bypassrls', r.rolbypassrls), ('createrole', r.rolcreaterole), ('replication', r.rolreplication),
        ('login', r.rolcanlogin and r.rolname = 'ledger_owner')) a (attribute, has)
    where a.has and r.rolname in ('ledger_owner', 'ledger_service', 'ledger_reader')
    union all
    select 'role', '', 0, m.rolname, 'member', '', g.rolname
    from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
    where m.rolname in ('ledger_service', 'ledger_reader'))
select concat_ws(',', kind, replace(tab, ',', ';'), replace(name, ',', ';'), replace(type, ',', ';'), nullable,
    regexp_replace(definition, ',\s*', '; ', 'g'))
from facts
order by kind collate "C", tab collate "C", place, name collate "C", type collate "C", definition collate "C"
