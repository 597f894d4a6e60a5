insert into ledger.console_sessions (id_digest, client_id, created_at, expires_at, secret_id) values ($1, $2, $3, $3 + $4, $5)
