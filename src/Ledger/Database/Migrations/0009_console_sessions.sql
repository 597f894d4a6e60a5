-- Who is signed in to the console (docs/adr/0021). Of the cookie only the digest is kept: whoever reads the table cannot sign in with it.
create table ledger.console_sessions (
    id_digest  bytea       not null primary key constraint console_sessions_digest_is_sha256 check (octet_length(id_digest) = 32),
    client_id  text        not null,
    created_at timestamptz not null,
    expires_at timestamptz not null -- an hour after its latest use, and no later than eight after it began
);
create index console_sessions_expiry on ledger.console_sessions (expires_at);

-- The console counts a bot's jobs by status, and lists those of one.
create index job_list_of_status on ledger.job_list (bot_id, status, submitted_at desc, job_id desc);
-- What was erased in the latest nights.
create index change_log_erased on ledger.change_log (bot_id, created_at) where outcomes is not null;
