select conversation_key, conversation_id, started_at
from conversations.conversations
where bot_id = $1 and cid = $2 and started_at between $3 and $4 and conversation_key > $5 and conversation_key <= $6
order by conversation_key
limit $7
