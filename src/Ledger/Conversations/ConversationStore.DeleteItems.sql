with gone as (delete from conversations.items where conversation_key = any ($1) returning conversation_key, kind)
select conversation_key,
       count(*) filter (where kind = 0), count(*) filter (where kind = 1), count(*) filter (where kind = 2),
       count(*) filter (where kind = 3), count(*) filter (where kind = 4)
from gone
group by conversation_key
