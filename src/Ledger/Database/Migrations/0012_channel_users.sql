-- A channel user's row goes with that user's last conversation (docs/adr/0027).

-- Whether a channel user has a conversation. One function, so that every statement that removes users asks it the same way: for the last
-- entry that the index conversations_of_channel_user has of the user. A comparison of rows can use no other index, whatever the statistics
-- say: a plain NOT EXISTS for a hundred users read the whole table. The last entry, since jobs delete forwards: dead ones are in front.
create or replace function conversations.has_conversation(p_bot text, p_cid text) returns boolean language sql stable as $$
    select (select (c.bot_id, c.cid) = (p_bot, p_cid)
            from conversations.conversations c
            where (c.bot_id, c.cid, c.conversation_key) <= (p_bot, p_cid, 9223372036854775807)
            order by c.bot_id desc, c.cid desc, c.conversation_key desc
            limit 1) is true
$$;

-- Users that earlier erasures left behind are a list of the erased: they go now. The lock waits for imports under way and holds up others.
lock table conversations.channel_users in share row exclusive mode;
delete from conversations.channel_users u where not conversations.has_conversation(u.bot_id, u.cid);
