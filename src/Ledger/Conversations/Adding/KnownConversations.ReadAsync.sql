-- One statement, for one snapshot: an erasure between two of them would look like a conversation that has lost its items.
select line.place, c.cid, c.channel, c.started_at, i.kind, i.position, i.created_on, i.body::text
from unnest($1::text[], $2::text[]) with ordinality as line (bot_id, conversation_id, place)
join conversations.conversations c on c.bot_id = line.bot_id and c.conversation_id = line.conversation_id
left join conversations.items i on i.conversation_key = c.conversation_key
order by line.place, i.kind, i.position
