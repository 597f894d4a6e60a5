select from conversations.items where conversation_key = any ($1)
union all
select from conversations.conversations where conversation_key = any ($1)
limit 1
