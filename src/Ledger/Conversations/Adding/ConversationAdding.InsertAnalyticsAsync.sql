insert into conversations.analytics (bot_id, started_at, channel, messages, items)
select bot_id, started_at, channel, messages, items
from unnest($1::text[], $2::timestamptz[], $3::text[], $4::integer[], $5::integer[]) as line (bot_id, started_at, channel, messages, items)
