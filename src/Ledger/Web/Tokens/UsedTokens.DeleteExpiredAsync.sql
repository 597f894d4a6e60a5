delete from ledger.used_tokens
where ctid = any (array(
    select ctid from ledger.used_tokens where expires_at < $1 order by expires_at limit $2 for update skip locked))
