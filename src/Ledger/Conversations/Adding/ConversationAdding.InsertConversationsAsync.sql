insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at)
select bot_id, conversation_id, cid, channel, started_at
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) as line (bot_id, conversation_id, cid, channel, started_at)
order by bot_id collate "C", conversation_id collate "C"
on conflict (bot_id, conversation_id) do nothing
returning conversation_key, bot_id, conversation_id
