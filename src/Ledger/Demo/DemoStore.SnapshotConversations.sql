insert into demo_conversations
select $1, c.bot_id, c.conversation_id, c.cid, c.channel, c.started_at,
       count(*) filter (where i.kind = 0), count(*) filter (where i.kind = 1), count(*) filter (where i.kind = 2),
       count(*) filter (where i.kind = 3), count(*) filter (where i.kind = 4)
from conversations.conversations c
left join conversations.items i on i.conversation_key = c.conversation_key
where c.bot_id = any ($2)
group by c.conversation_key
