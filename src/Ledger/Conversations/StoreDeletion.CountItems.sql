select conversation_key, kind, count(*)
from conversations.items
where conversation_key = any ($1)
group by conversation_key, kind
