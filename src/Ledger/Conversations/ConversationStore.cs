using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Conversations;

/// <summary>A conversation that a list identifies.</summary>
/// <param name="Key">Its place in the store's own order.</param>
public sealed record FoundConversation(long Key, string ConversationId, DateTimeOffset StartedAt)
{
    public override string ToString() => nameof(FoundConversation);
}

/// <summary>
/// The conversation store in the ledger's own database. Every method runs in the caller's transaction: the deletion and its event are
/// recorded together, or neither is.
/// </summary>
public static class ConversationStore
{
    /// <summary>The foreign key of items: a violation says that a conversation still has one.</summary>
    public const string ItemsConstraint = "items_of_conversation";

    private static readonly string FindByIdsSql = Sql.Load(typeof(ConversationStore), nameof(FindByIdsAsync));
    private static readonly string FindByChannelUserSql = Sql.Load(typeof(ConversationStore), nameof(FindByChannelUserAsync));
    private static readonly string ChannelUserCreatedAtSql = Sql.Load(typeof(ConversationStore), nameof(ChannelUserCreatedAtAsync));
    private static readonly string LastKeySql = Sql.Load(typeof(ConversationStore), nameof(LastKeyAsync));
    private static readonly string LockUsersSql = Sql.Load(typeof(ConversationStore), nameof(LockUsersAsync));
    private static readonly string DeleteUsersSql = Sql.Load(typeof(ConversationStore), "DeleteUsers");
    private static readonly string LockSql = Sql.Load(typeof(ConversationStore), "Lock");
    private static readonly string CountItemsSql = Sql.Load(typeof(ConversationStore), "CountItems");
    private static readonly string DeleteItemsSql = Sql.Load(typeof(ConversationStore), "DeleteItems");
    internal static readonly string DeleteConversationsSql = Sql.Load(typeof(ConversationStore), "DeleteConversations");
    private static readonly string FindLeftoversSql = Sql.Load(typeof(ConversationStore), "FindLeftovers");

    /// <summary>Those of the bot's conversations that exist.</summary>
    public static Task<List<FoundConversation>> FindByIdsAsync(
        NpgsqlConnection connection, string botId, IReadOnlyList<string> ids,
        CancellationToken cancel
    ) => FindAsync(connection, FindByIdsSql, [new() { Value = botId }, new() { Value = ids.ToArray() }], cancel);

    /// <summary>
    /// A channel user's conversations that started from <paramref name="from"/> to <paramref name="to"/>, both inclusive, in key order.
    /// </summary>
    /// <param name="afterKey">Only keys above this one.</param>
    /// <param name="lastKey">Only keys up to this one: what came later is not swept up.</param>
    /// <param name="limit">At most so many.</param>
    public static Task<List<FoundConversation>> FindByChannelUserAsync(
        NpgsqlConnection connection, string botId, string cId, DateTimeOffset from, DateTimeOffset to, long afterKey, long lastKey,
        int limit, CancellationToken cancel) =>
        FindAsync(
            connection,
            FindByChannelUserSql,
            [
                new() { Value = botId }, new() { Value = cId }, new() { Value = from.UtcDateTime }, new() { Value = to.UtcDateTime },
                new() { Value = afterKey }, new() { Value = lastKey }, new() { Value = limit },
            ], cancel);

    /// <summary>When the platform created the channel user; null for one that it does not know.</summary>
    public static async Task<DateTimeOffset?> ChannelUserCreatedAtAsync(
        NpgsqlConnection connection, string botId, string cId, CancellationToken cancel)
    {
        await using var command = Command(connection, ChannelUserCreatedAtSql, [new() { Value = botId }, new() { Value = cId }]);
        return await command.ExecuteScalarAsync(cancel) is DateTime at ? new DateTimeOffset(at) : null;
    }

    /// <summary>The highest key so far.</summary>
    public static async Task<long> LastKeyAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = Command(connection, LastKeySql, []);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>
    /// Locks the rows of the conversations' channel users, before any conversation is locked, and in the order in which an import takes
    /// them: whoever works on the same users waits here, and never in a circle (docs/adr/0027).
    /// </summary>
    /// <param name="cId">A channel user besides: the one whose conversations a job erases.</param>
    /// <returns>Their cIds. A user that has no row is not among them.</returns>
    /// <exception cref="PostgresException">Somebody holds one for too long.</exception>
    public static async Task<IReadOnlyList<string>> LockUsersAsync(
        NpgsqlConnection connection, string botId, IReadOnlyList<long> conversationKeys, string? cId, CancellationToken cancel)
    {
        var users = new List<string>();
        await using var command = Command(connection, LockUsersSql,
            [
                new() { Value = botId }, new() { Value = conversationKeys.ToArray() },
                new() { Value = (object?)cId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            ]);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            users.Add(reader.GetString(0));
        return users;
    }

    /// <summary>
    /// Deletes the bot's conversations <paramref name="conversationKeys"/> with all their items, and those of <paramref name="users"/> that
    /// have no conversation left, and confirms that nothing of them is left. Rows are locked in key order, so that two jobs that share
    /// conversations wait for each other instead of deadlocking.
    /// </summary>
    /// <param name="users">What <see cref="LockUsersAsync"/> has locked in this transaction.</param>
    /// <param name="closing">Nothing is deleted if the database's clock has reached it.</param>
    /// <returns>
    /// What was removed with each conversation that existed; those that did not are not in it. A conversation that was stored anew under
    /// the same id has another key.
    /// </returns>
    /// <exception cref="PostgresException">The store refused, or something was locked for too long.</exception>
    /// <exception cref="NotConfirmedException">
    /// Something was still there after the deletion, or other items went than were counted.
    /// </exception>
    /// <exception cref="WindowClosedException">The closing has come.</exception>
    public static async Task<Dictionary<long, ItemCounts>> DeleteAsync(
        NpgsqlConnection connection, string botId, IReadOnlyList<long> conversationKeys, IReadOnlyList<string> users,
        DateTimeOffset closing, CancellationToken cancel)
    {
        var removed = await LockAsync(connection, botId, conversationKeys, closing, cancel);
        NpgsqlParameter bot = new() { Value = botId }, cIds = new() { Value = users.ToArray() };
        NpgsqlParameter keys = new() { Value = removed.Keys.ToArray() };
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                // Counting what a DELETE returns costs as much as the DELETE again: the items are counted first, and their sum is held
                // against what went.
                Of(CountItemsSql, keys), Of(DeleteItemsSql, keys), Of(DeleteConversationsSql, keys),
                // A statement of its own, whose snapshot holds all that was committed before the users were locked.
                Of(DeleteUsersSql, bot, cIds), Of(FindLeftoversSql, keys, bot, cIds),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            removed[reader.GetInt64(0)] += Items(reader.GetInt16(1), reader.GetInt64(2));
        // The items were looked for again by the foreign key, which refuses to let go of a conversation that has one left (docs/adr/0008);
        // the conversations' and the users' own rows are read again here. The DELETEs have no rows: the next result is this reading's.
        await reader.NextResultAsync(cancel);
        var isEmpty = !await reader.ReadAsync(cancel);
        return isEmpty && batch.BatchCommands[1].RecordsAffected == removed.Values.Sum(items => items.Sum())
            ? removed
            : throw new NotConfirmedException();
    }

    /// <summary>Deletes a channel user that has no conversation; does nothing to one that has.</summary>
    /// <exception cref="PostgresException">The store refused, or somebody holds the row for too long.</exception>
    /// <exception cref="WindowClosedException">It is <paramref name="closing"/> or later.</exception>
    public static async Task DeleteUserAsync(
        NpgsqlConnection connection, string botId, string cId, DateTimeOffset closing, CancellationToken cancel)
    {
        var users = await LockUsersAsync(connection, botId, [], cId, cancel);
        await DeleteAsync(connection, botId, [], users, closing, cancel);
    }

    private static NpgsqlBatchCommand Of(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter.Clone());
        return command;
    }

    private static ItemCounts Items(short kind, long count) => kind switch
    {
        0 => new ItemCounts(Messages: count),
        1 => new ItemCounts(Transcripts: count),
        2 => new ItemCounts(Recordings: count),
        3 => new ItemCounts(Attachments: count),
        4 => new ItemCounts(Logs: count),
        _ => throw new InvalidOperationException($"the store holds items of an unknown kind {kind}"),
    };

    private static async Task<Dictionary<long, ItemCounts>> LockAsync(
        NpgsqlConnection connection, string botId, IReadOnlyList<long> conversationKeys, DateTimeOffset closing, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("select clock_timestamp() < $1") { Parameters = { new() { Value = closing.UtcDateTime } } },
                new NpgsqlBatchCommand(LockSql) { Parameters = { new() { Value = botId }, new() { Value = conversationKeys.ToArray() } } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        // Asked apart from the rows: a closed window must not look like conversations that are gone.
        if (!reader.GetBoolean(0))
            throw new WindowClosedException();
        await reader.NextResultAsync(cancel);
        var locked = new Dictionary<long, ItemCounts>(conversationKeys.Count);
        while (await reader.ReadAsync(cancel))
            locked.Add(reader.GetInt64(0), ItemCounts.None);
        return locked;
    }

    private static async Task<List<FoundConversation>> FindAsync(
        NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken cancel)
    {
        var found = new List<FoundConversation>();
        await using var command = Command(connection, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            found.Add(new FoundConversation(reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)));
        return found;
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        return command;
    }
}

/// <summary>After a deletion the store still held something of it, or had lost other items than were counted.</summary>
public sealed class NotConfirmedException() : Exception("a deletion could not be confirmed by reading the store again");
