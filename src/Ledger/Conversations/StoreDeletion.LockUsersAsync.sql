select u.cid
from conversations.channel_users u
where u.bot_id = $1
    and u.cid in (
        select $3
        union all
        select c.cid from conversations.conversations c where c.bot_id = $1 and c.conversation_key = any ($2))
order by u.cid collate "C"
for update of u
