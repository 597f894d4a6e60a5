-- The conversation store of the embedded default: what the platform keeps, and what erasure takes away.
create schema conversations;

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

-- Whether a channel user has a conversation. One function, so that every statement that removes users asks it the same way: for the last
-- entry that the index conversations_of_channel_user has of the user. A comparison of rows can use no other index, whatever the statistics
-- say: a plain NOT EXISTS for a hundred users read the whole table. The last entry, since jobs delete forwards: dead ones are in front.
create function conversations.has_conversation(p_bot text, p_cid text) returns boolean language sql stable as $$
    select (select (c.bot_id, c.cid) = (p_bot, p_cid)
            from conversations.conversations c
            where (c.bot_id, c.cid, c.conversation_key) <= (p_bot, p_cid, 9223372036854775807)
            order by c.bot_id desc, c.cid desc, c.conversation_key desc
            limit 1) is true
$$;

-- Statistics are samples of values, and would keep those of erased conversations until the next ANALYZE.
alter table conversations.conversations alter column conversation_id set statistics 0, alter column cid set statistics 0;
alter table conversations.channel_users alter column cid set statistics 0;
alter table conversations.items alter column body set statistics 0;
