select conversation_id
from demo_conversations
where moment = 'before' and bot_id = $1 and cid <> all ($2)
order by conversation_id
limit $3
