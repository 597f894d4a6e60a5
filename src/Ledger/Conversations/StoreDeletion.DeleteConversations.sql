delete from conversations.conversations where conversation_key = any ($1)
