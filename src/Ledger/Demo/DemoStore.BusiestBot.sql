select bot_id
from demo_conversations
where moment = 'before' and bot_id = any ($1)
group by bot_id
order by count(*) desc, bot_id
limit 1
