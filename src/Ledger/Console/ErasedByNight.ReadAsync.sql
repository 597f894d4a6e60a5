-- Of each bot from its own instant on: nights that are over are read once.
select b.bot_id, floor(extract(epoch from c.created_at - $3) / 86400)::int, sum((c.outcomes ->> 'deleted')::bigint)::bigint
from unnest($1::text[], $2::timestamptz[]) as b (bot_id, since)
join ledger.change_log c on c.bot_id = b.bot_id and c.outcomes is not null and c.created_at >= b.since and c.created_at >= $3
group by 1, 2
