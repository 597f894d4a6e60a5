create temporary table demo_conversations (
    moment text, bot_id text, conversation_id text, cid text, channel text, started_at timestamptz,
    messages bigint, transcripts bigint, recordings bigint, attachments bigint, logs bigint);
create temporary table demo_analytics (moment text, bot_id text, started_at timestamptz, channel text, messages integer, items integer);
create temporary table demo_expected (job integer, bot_id text, conversation_id text);
create temporary table demo_outcomes (job integer, bot_id text, conversation_id text);
