select created_at from conversations.channel_users where bot_id = $1 and cid = $2
