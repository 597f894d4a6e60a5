delete from conversations.channel_users u
where u.bot_id = $1 and u.cid = any ($2) and not conversations.has_conversation(u.bot_id, u.cid)
