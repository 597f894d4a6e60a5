select 1 from conversations.conversations where conversation_key = any ($1)
union all
select 1
from conversations.channel_users u
where u.bot_id = $2 and u.cid = any ($3) and not conversations.has_conversation(u.bot_id, u.cid)
limit 1
