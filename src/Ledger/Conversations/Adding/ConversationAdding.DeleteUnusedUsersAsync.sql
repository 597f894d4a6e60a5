delete from conversations.channel_users u
using unnest($1::text[], $2::text[]) line (bot_id, cid)
where u.bot_id = line.bot_id and u.cid = line.cid and not conversations.has_conversation(u.bot_id, u.cid)
