with users as (
    select cid, count(*) as conversations,
           (percentile_disc(0.25) within group (order by started_at) at time zone 'UTC')::date as first_day,
           (percentile_disc(0.75) within group (order by started_at) at time zone 'UTC')::date as last_day
    from demo_conversations
    where moment = 'before' and bot_id = $1
    group by cid
    order by conversations desc, cid
    limit $2)
select u.cid, u.conversations, u.first_day, u.last_day,
       (select count(*) from demo_conversations c
        where c.moment = 'before' and c.bot_id = $1 and c.cid = u.cid
          and (c.started_at at time zone 'UTC')::date between u.first_day and u.last_day)
from users u
order by u.conversations desc, u.cid
