-- Using it puts its end off, at most once a minute: reading a page is then no write.
with live as (
    select id_digest, client_id, secret_id, created_at, expires_at from ledger.console_sessions where id_digest = $1 and expires_at > $2),
used as (
    update ledger.console_sessions s
    set expires_at = least(live.created_at + $4, $2 + $3)
    from live
    where s.id_digest = live.id_digest and live.expires_at < least(live.created_at + $4, $2 + $3) - interval '1 minute')
select client_id, secret_id from live
