-- Of each bot from its own instant on: nights that are over are read once. Bot by bot, so that each finds its own by the index.
select b.bot_id, e.night, e.deleted
from unnest($1::text[], $2::timestamptz[]) as b (bot_id, since)
cross join lateral (
    select floor(extract(epoch from c.created_at - $3) / 86400)::int as night, sum((c.outcomes ->> 'deleted')::bigint)::bigint as deleted
    from ledger.change_log c
    where c.bot_id = b.bot_id and c.outcomes is not null and c.created_at >= greatest(b.since, $3)
    group by 1) e
