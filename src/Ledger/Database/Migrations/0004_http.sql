-- Tokens with a jti that were used. A row outlives its token; a background pass deletes it after that.
create table ledger.used_tokens (
    client_id  text        not null,
    jti_digest bytea       not null constraint used_tokens_digest_is_sha256 check (octet_length(jti_digest) = 32),
    expires_at timestamptz not null,
    constraint used_tokens_once primary key (client_id, jti_digest)
);
create index used_tokens_expiry on ledger.used_tokens (expires_at);

-- Requests counted in fixed UTC windows, over all nodes. Unlogged: after a crash of the server counting begins anew, and nothing else is lost.
create unlogged table ledger.rate_counters (
    kind      text        not null,
    subject   text        not null,
    seconds   integer     not null constraint rate_counters_window_has_length check (seconds > 0),
    starts_at timestamptz not null,
    count     bigint      not null constraint rate_counters_count_is_positive check (count > 0),
    constraint rate_counters_one_per_window primary key (kind, subject, seconds, starts_at)
);
