select conversation_key
from conversations.conversations
where bot_id = $1 and conversation_key = any ($2)
order by conversation_key
for update
