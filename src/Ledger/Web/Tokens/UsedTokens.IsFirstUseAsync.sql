insert into ledger.used_tokens (client_id, jti_digest, expires_at)
values ($1, $2, $3)
-- The count of rows tells the caller: none means a replay.
on conflict on constraint used_tokens_once do nothing
