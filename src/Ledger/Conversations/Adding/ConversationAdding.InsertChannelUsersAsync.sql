insert into conversations.channel_users (bot_id, cid, created_at)
select bot_id, cid, min(started_at)
from unnest($1::text[], $2::text[], $3::timestamptz[]) as line (bot_id, cid, started_at)
group by bot_id, cid
order by bot_id collate "C", cid collate "C"
on conflict (bot_id, cid) do update set created_at = excluded.created_at
where excluded.created_at < channel_users.created_at
