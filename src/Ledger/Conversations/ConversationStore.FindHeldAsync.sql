select conversation_key, conversation_id, cid
from conversations.conversations
where bot_id = $1 and conversation_key = any ($2) and (conversation_id = any ($3) or cid = any ($4))
