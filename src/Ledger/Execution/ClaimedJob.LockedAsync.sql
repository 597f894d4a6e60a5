-- The function is migration 0005's. It sees what is committed when it begins: what is read is of the version that was locked.
select l.version, l.resolving, l.epoch, l.wrapped_key, l.sealed_request, l.now from ledger.locked_job($1, $2) l
