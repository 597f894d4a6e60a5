select from conversations.conversations where conversation_key = any ($1) limit 1
