delete from conversations.items where conversation_key = any ($1)
