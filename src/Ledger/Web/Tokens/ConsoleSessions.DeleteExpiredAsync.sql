delete from ledger.console_sessions
where ctid = any (array(
    select ctid from ledger.console_sessions where expires_at < $1 limit $2 for update skip locked))
