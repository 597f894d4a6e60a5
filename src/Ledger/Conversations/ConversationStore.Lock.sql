select conversation_key, conversation_id
from conversations.conversations
where bot_id = $1 and conversation_id = any ($2) and clock_timestamp() < $3
order by conversation_key
for update
