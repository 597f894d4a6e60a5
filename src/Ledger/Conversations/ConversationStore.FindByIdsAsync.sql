select conversation_key, conversation_id, started_at
from conversations.conversations
where bot_id = $1 and conversation_id = any ($2)
