select cid
from demo_conversations c
where moment = 'after' and bot_id = $1 and cid ~ '^[A-Za-z0-9._-]+$'
  and not exists (select from demo_expected e
                  join demo_conversations b on b.moment = 'before' and b.bot_id = e.bot_id and b.conversation_id = e.conversation_id
                  where b.bot_id = $1 and b.cid = c.cid)
group by cid
order by count(*) desc, cid
limit 1
