select count(*), coalesce(sum(b.messages), 0)::bigint, coalesce(sum(b.transcripts), 0)::bigint, coalesce(sum(b.recordings), 0)::bigint,
       coalesce(sum(b.attachments), 0)::bigint, coalesce(sum(b.logs), 0)::bigint
from demo_expected e
join demo_conversations b on b.moment = 'before' and b.bot_id = e.bot_id and b.conversation_id = e.conversation_id
where e.job = $1
  and not exists (select from demo_conversations a
                  where a.moment = 'after' and a.bot_id = e.bot_id and a.conversation_id = e.conversation_id)
