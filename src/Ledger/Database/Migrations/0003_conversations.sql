-- The conversation store of the embedded default: what the platform keeps, and what erasure takes away.
create schema if not exists conversations;

create table conversations.channel_users (
    bot_id     text        not null,
    cid        text        not null,
    created_at timestamptz not null,
    primary key (bot_id, cid)
);

create table conversations.conversations (
    conversation_key bigint      generated always as identity primary key,
    bot_id           text        not null,
    conversation_id  text        not null,
    cid              text        not null,
    channel          text        not null,
    started_at       timestamptz not null constraint conversations_whole_milliseconds check (started_at = date_trunc('milliseconds', started_at)),
    constraint conversations_one_per_id unique (bot_id, conversation_id)
);
-- Resolution walks a channel user's conversations in key order.
create index conversations_of_channel_user on conversations.conversations (bot_id, cid, conversation_key);

-- Everything that a conversation consists of. The foreign key is part of erasure: an item that arrives while its conversation
-- is deleted waits for the row's lock and is then refused, so it cannot stay behind as an orphan.
create table conversations.items (
    conversation_key bigint      not null constraint items_of_conversation references conversations.conversations (conversation_key),
    kind             smallint    not null constraint items_kind check (kind between 0 and 4),  -- 0 message, 1 transcript, 2 recording, 3 attachment, 4 log
    position         integer     not null,
    created_on       timestamptz not null,
    body             jsonb       not null,
    primary key (conversation_key, kind, position)
);

-- What survives erasure: no id, no text.
create table conversations.analytics (
    bot_id     text        not null,
    started_at timestamptz not null,
    channel    text        not null,
    messages   integer     not null,
    items      integer     not null
);
create index analytics_of_bot on conversations.analytics (bot_id, started_at);

-- Statistics are samples of values, and would keep those of erased conversations until the next ANALYZE.
alter table conversations.conversations alter column conversation_id set statistics 0, alter column cid set statistics 0;
alter table conversations.channel_users alter column cid set statistics 0;
alter table conversations.items alter column body set statistics 0;
