select case
    when (select rolsuper from pg_roles where rolname = current_user)
        or pg_has_role(current_user, (select relowner from pg_class where oid = 'ledger.mt_events'::regclass), 'member')
    then 'the service''s role is a superuser or owns the ledger''s tables, so it could rewrite what is recorded: connect as ledger_service'
    -- Deletions are confirmed by this constraint (docs/adr/0008).
    when not exists (
        select from pg_constraint c
        where c.conname = 'items_of_conversation' and c.conrelid = 'conversations.items'::regclass and c.contype = 'f' and c.convalidated
          and not exists (select from pg_trigger t where t.tgconstraint = c.oid and t.tgenabled = 'D'))
    then 'the foreign key items_of_conversation is missing, not valid or disabled, and deletions are confirmed by it: restore it'
end
