-- A session ends with the secret that signed its token (docs/adr/0035): in the transaction that retires the secret, and for every node.
-- Null: the client signs with a key of its own, which is revoked with the client.
-- With which secrets the sessions until now were made, nobody knows any more: their people sign in again.
delete from ledger.console_sessions;
alter table ledger.console_sessions
    add column secret_id text,
    add constraint console_sessions_end_with_their_secret
        foreign key (client_id, secret_id) references ledger.client_secrets (client_id, secret_id) on delete cascade;
create index console_sessions_of_secret on ledger.console_sessions (client_id, secret_id);
