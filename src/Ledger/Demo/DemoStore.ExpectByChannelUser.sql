insert into demo_expected
select $1, bot_id, conversation_id
from demo_conversations
where moment = 'before' and bot_id = $2 and cid = $3 and started_at >= $4 and started_at < $5
