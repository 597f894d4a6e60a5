select coalesce(max(conversation_key), 0) from conversations.conversations
