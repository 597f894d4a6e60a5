-- The facts of schema ledger, in the form of Marten's layout: kind,table,name,type,nullable,default_or_definition; a comma inside a fact is written as a semicolon.
with tables as (
    select c.oid, c.relname, c.relacl from pg_class c where c.relnamespace = 'ledger'::regnamespace and c.relkind = 'r'
),
facts (kind, tab, place, name, type, nullable, definition) as (
    select 'column', t.relname, a.attnum, a.attname, replace(format_type(a.atttypid, a.atttypmod), 'character varying', 'varchar'),
           case when a.attnotnull then 'NO' else 'YES' end, coalesce(pg_get_expr(d.adbin, d.adrelid), '')
    from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    select 'constraint', t.relname, 0, o.conname, o.contype::text, '', pg_get_constraintdef(o.oid)
    from tables t join pg_constraint o on o.conrelid = t.oid and o.contype <> 'n'
    union all
    select 'index', t.relname, 0, i.relname, '', '', substring(pg_get_indexdef(i.oid) from ' USING (.*)$')
    from tables t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
    union all
    select 'unique', t.relname, 0, i.relname, '', '', ''
    from tables t join pg_index x on x.indrelid = t.oid and x.indisunique join pg_class i on i.oid = x.indexrelid
    union all
    select 'sequence', s.relname, 0, '', format_type(q.seqtypid, null), '', format('start %s increment %s cache %s', q.seqstart, q.seqincrement, q.seqcache)
    from pg_class s join pg_sequence q on q.seqrelid = s.oid where s.relnamespace = 'ledger'::regnamespace
    union all
    select 'trigger', t.relname, 0, g.tgname, case g.tgenabled when 'A' then 'always' when 'O' then 'origin' when 'R' then 'replica' else 'disabled' end, '',
           substring(pg_get_triggerdef(g.oid) from '(BEFORE|AFTER|INSTEAD OF) .*$') || substring(pg_get_triggerdef(g.oid) from '(?:BEFORE|AFTER|INSTEAD OF)( .*)$')
    from tables t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
    union all
    select 'function', '', 0, p.proname, format_type(p.prorettype, null), '',
           format('(%s) security %s', pg_get_function_identity_arguments(p.oid), case when p.prosecdef then 'definer' else 'invoker' end)
    from pg_proc p where p.pronamespace = 'ledger'::regnamespace
    union all
    select 'grant', t.relname, 0, r.rolname, lower(g.privilege_type), '', ''
    from tables t cross join aclexplode(t.relacl) g join pg_roles r on r.oid = g.grantee where r.rolname <> 'ledger_owner'
    union all
    select 'grant', t.relname, 0, r.rolname, lower(g.privilege_type), '', a.attname
    from tables t join pg_attribute a on a.attrelid = t.oid cross join aclexplode(a.attacl) g join pg_roles r on r.oid = g.grantee
    union all
    select 'grant', 'schema', 0, r.rolname, lower(g.privilege_type), '', n.nspname
    from pg_namespace n cross join aclexplode(n.nspacl) g join pg_roles r on r.oid = g.grantee where n.nspname = 'ledger' and r.rolname <> 'ledger_owner'
)
select concat_ws(',', kind, tab, name, replace(type, ',', ';'), nullable, regexp_replace(definition, ',\s*', '; ', 'g'))
from facts
order by kind collate "C", tab collate "C", place, name collate "C", type collate "C", definition collate "C"
