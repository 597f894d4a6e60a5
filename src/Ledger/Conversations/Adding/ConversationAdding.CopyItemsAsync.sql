copy conversations.items (conversation_key, kind, position, created_on, body) from stdin (format binary)
