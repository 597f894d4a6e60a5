using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Conversations.Adding;

/// <summary>A conversation that was added, with the key that the store gave it.</summary>
internal sealed record AddedConversation(long Key, ImportedConversation Conversation)
{
    public override string ToString() => nameof(AddedConversation);
}

/// <summary>
/// The steps in which an import adds conversations, all in its transaction and in this order: users before conversations, and rows in key
/// order. Imports and erasures that meet wait for each other there, and never in a circle (docs/adr/0027).
/// </summary>
internal static class ConversationAdding
{
    private const int TimeoutSeconds = 300;

    private static readonly string ChannelUsersSql = Sql.Load(typeof(ConversationAdding), nameof(InsertChannelUsersAsync));
    private static readonly string ConversationsSql = Sql.Load(typeof(ConversationAdding), nameof(InsertConversationsAsync));
    private static readonly string UnusedUsersSql = Sql.Load(typeof(ConversationAdding), nameof(DeleteUnusedUsersAsync));
    private static readonly string ItemsSql = Sql.Load(typeof(ConversationAdding), nameof(CopyItemsAsync));
    private static readonly string AnalyticsSql = Sql.Load(typeof(ConversationAdding), nameof(InsertAnalyticsAsync));

    /// <summary>
    /// Leaves the planner only the indexes until the transaction ends: a plan that was made while the tables were small stays good.
    /// </summary>
    public static async Task UseIndexesAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off", connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>
    /// Inserts the users, or locks those that are there. A channel user's creation is the earliest start seen of its conversations.
    /// </summary>
    public static async Task InsertChannelUsersAsync(
        NpgsqlConnection connection, IReadOnlyList<ImportedConversation> conversations, CancellationToken cancel)
    {
        await using var command = Command(connection, ChannelUsersSql,
            Array(conversations, one => one.BotId), Array(conversations, one => one.CId),
                Array(conversations, one => one.StartedAt.UtcDateTime));
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Inserts the conversations, each once. Waits for whoever is erasing or adding one of them.</summary>
    /// <returns>Those that were not there.</returns>
    public static async Task<List<AddedConversation>> InsertConversationsAsync(
        NpgsqlConnection connection, IReadOnlyList<ImportedConversation> conversations, CancellationToken cancel)
    {
        var rows = conversations.ToDictionary(one => (one.BotId, one.ConversationId));
        await using var command = Command(connection, ConversationsSql,
            Array(conversations, one => one.BotId), Array(conversations, one => one.ConversationId), Array(conversations, one => one.CId),
            Array(conversations, one => one.Channel), Array(conversations, one => one.StartedAt.UtcDateTime));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var added = new List<AddedConversation>(rows.Count);
        while (await reader.ReadAsync(cancel))
            added.Add(new AddedConversation(reader.GetInt64(0), rows[(reader.GetString(1), reader.GetString(2))]));
        return added;
    }

    /// <summary>Takes back conversations that this transaction has added and that have no items yet.</summary>
    public static async Task TakeBackAsync(NpgsqlConnection connection, IReadOnlyList<AddedConversation> added, CancellationToken cancel)
    {
        if (added.Count == 0)
            return;
        await using var command = Command(connection, StoreDeletion.DeleteConversationsSql, Array(added, one => one.Key));
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Deletes users that no accepted line needs: a line that was not taken adds no user.</summary>
    /// <param name="conversations">The conversations whose users were inserted.</param>
    /// <param name="added">Those that were taken.</param>
    /// <param name="connection">In the same transaction.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task DeleteUnusedUsersAsync(
        NpgsqlConnection connection, IReadOnlyList<ImportedConversation> conversations, IReadOnlyList<AddedConversation> added,
        CancellationToken cancel)
    {
        if (added.Count == conversations.Count)
            return;
        var taken = added.Select(one => (one.Conversation.BotId, one.Conversation.CId));
        (string BotId, string CId)[] users = [.. conversations.Select(one => (one.BotId, one.CId)).Except(taken)];
        await using var command = Command(connection, UnusedUsersSql, Array(users, user => user.BotId), Array(users, user => user.CId));
        await command.ExecuteNonQueryAsync(cancel);
    }

    public static async Task CopyItemsAsync(NpgsqlConnection connection, IReadOnlyList<AddedConversation> added, CancellationToken cancel)
    {
        await using var copy = await connection.BeginBinaryImportAsync(ItemsSql, cancel);
        copy.Timeout = TimeSpan.FromSeconds(TimeoutSeconds);
        foreach (var (key, conversation) in added)
        {
            foreach (var item in conversation.Items)
            {
                await copy.StartRowAsync(cancel);
                await copy.WriteAsync(key, NpgsqlDbType.Bigint, cancel);
                await copy.WriteAsync(item.Kind, NpgsqlDbType.Smallint, cancel);
                await copy.WriteAsync(item.Position, NpgsqlDbType.Integer, cancel);
                await copy.WriteAsync(item.CreatedOn.UtcDateTime, NpgsqlDbType.TimestampTz, cancel);
                await copy.WriteAsync(item.Body, NpgsqlDbType.Jsonb, cancel);
            }
        }
        await copy.CompleteAsync(cancel);
    }

    /// <summary>One row a conversation, which survives its erasure.</summary>
    public static async Task InsertAnalyticsAsync(NpgsqlConnection connection, IReadOnlyList<AddedConversation> added,
        CancellationToken cancel)
    {
        await using var command = Command(connection, AnalyticsSql,
            Array(added, one => one.Conversation.BotId), Array(added, one => one.Conversation.StartedAt.UtcDateTime),
            Array(added, one => one.Conversation.Channel), Array(added, one => one.Conversation.Items.Count(item => item.Kind == 0)),
            Array(added, one => one.Conversation.Items.Count));
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static NpgsqlParameter Array<T, TValue>(IReadOnlyCollection<T> rows, Func<T, TValue> value) =>
        new() { Value = rows.Select(value).ToArray() };

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = TimeoutSeconds };
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }
}
