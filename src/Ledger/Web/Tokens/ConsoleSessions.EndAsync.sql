delete from ledger.console_sessions where id_digest = $1
