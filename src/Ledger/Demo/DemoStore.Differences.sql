with old as (
    select bot_id, conversation_id, cid, channel, started_at, messages, transcripts, recordings, attachments, logs
    from demo_conversations where moment = 'before'),
     now as (
    select bot_id, conversation_id, cid, channel, started_at, messages, transcripts, recordings, attachments, logs
    from demo_conversations where moment = 'after'),
     expected as (select bot_id, conversation_id from demo_expected),
     stayed as (
    select * from old o where not exists (select from expected e where e.bot_id = o.bot_id and e.conversation_id = o.conversation_id)),
     outcomes as (select job, bot_id, conversation_id from demo_outcomes),
     old_analytics as (select bot_id, started_at, channel, messages, items from demo_analytics where moment = 'before'),
     now_analytics as (select bot_id, started_at, channel, messages, items from demo_analytics where moment = 'after'),
     differences (what, n) as (
    select 'conversation(s) that no job should have touched are gone or changed', count(*) from (table stayed except all table now) d
    union all
    select 'conversation(s) are in the store that should not be', count(*) from (table now except all table stayed) d
    union all
    select 'conversation(s) of the second bot are gone or changed', count(*)
    from (select * from old where bot_id = any ($1) except all select * from now where bot_id = any ($1)) d
    union all
    select 'conversation(s) should have been deleted and are not in the outcomes', count(*)
    from (select job, bot_id, conversation_id from demo_expected except all table outcomes) d
    union all
    select 'conversation(s) are deleted by the outcomes and should not have been', count(*)
    from (table outcomes except all select job, bot_id, conversation_id from demo_expected) d
    union all
    select 'analytics row(s) are gone', count(*) from (table old_analytics except all table now_analytics) d
    union all
    select 'analytics row(s) appeared', count(*) from (table now_analytics except all table old_analytics) d
    union all
    select 'conversation(s) have no analytics row', count(*)
    from (select bot_id, started_at, channel, messages, messages + transcripts + recordings + attachments + logs from old
          except all select bot_id, started_at, channel, messages::bigint, items::bigint from now_analytics) d
    union all
    select 'value(s) of the analytics are neither a bot nor a channel', count(*)
    from (select bot_id from now_analytics except select bot_id from old) d
    union all
    select 'channel(s) of the analytics are no channel of a conversation', count(*)
    from (select channel from now_analytics except select channel from old) d
    union all
    select 'text(s) in the analytics hold the id of a conversation or of a channel user', count(*)
    from (select channel as value from now_analytics union select bot_id from now_analytics) v
    where exists (select from old where v.value in (old.conversation_id, old.cid)
                      or (length(old.conversation_id) >= 8 and position(old.conversation_id in v.value) > 0)
                      or (length(old.cid) >= 8 and position(old.cid in v.value) > 0))
    union all
    select 'channel user(s) are kept without a conversation', count(*)
    from conversations.channel_users u where not conversations.has_conversation(u.bot_id, u.cid)
    union all
    select 'column(s) of the analytics could hold a text', count(*)
    from information_schema.columns
    where table_schema = 'conversations' and table_name = 'analytics'
      and data_type not in ('integer', 'timestamp with time zone') and column_name not in ('bot_id', 'channel'))
select what, n from differences where n > 0
