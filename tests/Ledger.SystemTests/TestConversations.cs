namespace Ledger.SystemTests;

/// <summary>Fills and inspects the conversation store, past the ledger. Its channel users have no rows, as an import's have.</summary>
public static class TestConversations
{
    /// <summary>
    /// Conversations <c>prefix-00001</c>… of a channel user, an hour apart, each with <paramref name="perKind"/> items of every kind.
    /// </summary>
    public static Task AddConversationsAsync(
        this TestService service, string prefix, int count, string cId, DateTimeOffset? firstStartedAt = null, int perKind = 1,
        string? bot = null) =>
        service.ExecuteAsync(
            """
            with added as (
                insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at)
                select $1, $2 || '-' || lpad(n::text, 5, '0'), $3, 'rtm', $4::timestamptz + n * interval '1 hour'
                    from generate_series(1, $5) n
                returning conversation_key, started_at),
            counted as (
                insert into conversations.analytics (bot_id, started_at, channel, messages, items) select $1, started_at, 'rtm', $6,
                    5 * $6 from added)
            insert into conversations.items (conversation_key, kind, position, created_on, body)
            select conversation_key, kind, position, started_at, '{"text": "hello"}'
                from added, generate_series(0, 4) kind, generate_series(1, $6) position
            """,
            bot ?? service.Bot,
            prefix,
            cId,
            (firstStartedAt ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)).UtcDateTime,
            count,
            perKind
        );

    public static Task<long> CountConversationsAsync(this TestService service, string? bot = null) =>
        service.ScalarAsync<long>("select count(*) from conversations.conversations where bot_id = $1", bot ?? service.Bot);

    public static Task<long> CountItemsAsync(this TestService service, string? bot = null) =>
        service.ScalarAsync<long>(
            "select count(*) from conversations.items i join conversations.conversations c using (conversation_key) where c.bot_id = $1",
            bot ?? service.Bot);
}
