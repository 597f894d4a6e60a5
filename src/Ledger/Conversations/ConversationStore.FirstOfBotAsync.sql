select min(started_at) from conversations.conversations where bot_id = $1
