insert into demo_analytics
select $1, bot_id, started_at, channel, messages, items
from conversations.analytics
where bot_id = any ($2)
