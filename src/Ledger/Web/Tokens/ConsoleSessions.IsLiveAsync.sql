select exists (select from ledger.console_sessions where id_digest = $1 and expires_at > $2)
