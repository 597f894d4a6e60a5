using Ledger.Contracts.Jobs;
using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Conversations;

/// <summary>
/// Deletes a batch of conversations in the caller's transaction. What the store refuses is found by halving, within savepoints, which
/// nobody outside sees.
/// </summary>
internal static class StoreDeletion
{
    /// <summary>The foreign key of items: a violation says that a conversation still has one.</summary>
    public const string ItemsConstraint = "items_of_conversation";

    private static readonly string LockUsersSql = Sql.Load(typeof(StoreDeletion), nameof(LockUsersAsync));
    private static readonly string DeleteUsersSql = Sql.Load(typeof(StoreDeletion), "DeleteUsers");
    private static readonly string LockSql = Sql.Load(typeof(StoreDeletion), "Lock");
    private static readonly string CountItemsSql = Sql.Load(typeof(StoreDeletion), "CountItems");
    private static readonly string DeleteItemsSql = Sql.Load(typeof(StoreDeletion), "DeleteItems");
    internal static readonly string DeleteConversationsSql = Sql.Load(typeof(StoreDeletion), "DeleteConversations");
    private static readonly string FindLeftoversSql = Sql.Load(typeof(StoreDeletion), "FindLeftovers");

    /// <summary>See <see cref="ConversationStore.DeleteAsync"/>.</summary>
    public static async Task<Dictionary<long, StoreOutcome>> DeleteAsync(
        NpgsqlConnection connection, StoreBatch batch, CancellationToken cancel)
    {
        if (batch.Keys.Count == 0)
            return [];
        var (lockable, users, failure) = await LockFreeUsersAsync(connection, batch, cancel);
        return failure is { } reason
            ? new() { [lockable[0]] = new StoreOutcome.Failed(reason) }
            : await DeleteAsync(connection, batch, lockable, users, cancel);
    }

    /// <summary>See <see cref="ConversationStore.DeleteUserAsync"/>.</summary>
    public static async Task DeleteUserAsync(
        NpgsqlConnection connection, string botId, string cId, CancellationToken cancel)
    {
        var users = await LockUsersAsync(connection, botId, [], cId, cancel);
        await RemoveAsync(connection, botId, [], users, cancel);
    }

    /// <summary>
    /// Locks the conversations' channel users, once and outside of the deletion's savepoints: a lock that is given back and taken again
    /// while conversations are locked would be one in the wrong order. Where somebody holds a user, the batch shrinks to the first
    /// conversations whose users are free; a single conversation whose user is not free fails.
    /// </summary>
    private static async Task<(IReadOnlyList<long> Keys, IReadOnlyList<string> Users, FailureReason? Failure)> LockFreeUsersAsync(
        NpgsqlConnection connection, StoreBatch batch, CancellationToken cancel)
    {
        for (var keys = batch.Keys; ; keys = [.. keys.Take(batch.IsLate() ? 1 : keys.Count / 2)])
        {
            try
            {
                await connection.ExecuteAsync("savepoint users", cancel);
                var users = await LockUsersAsync(connection, batch.BotId, keys, batch.CId, cancel);
                await connection.ExecuteAsync("release savepoint users", cancel);
                return (keys, users, null);
            }
            catch (Exception e) when (StoreFailure.ReasonOf(e) is { } reason)
            {
                await connection.ExecuteAsync("rollback to savepoint users", CancellationToken.None);
                if (keys.Count == 1)
                    return (keys, [], reason);
            }
        }
    }

    /// <summary>
    /// Deletes, and where the store refuses a set of conversations, halves it until those that cannot be deleted stand alone. The keys that
    /// are decided when it gets late are the first ones.
    /// </summary>
    private static async Task<Dictionary<long, StoreOutcome>> DeleteAsync(
        NpgsqlConnection connection, StoreBatch batch, IReadOnlyList<long> keys, IReadOnlyList<string> users, CancellationToken cancel)
    {
        try
        {
            await connection.ExecuteAsync("savepoint deletion", cancel);
            var removed = await RemoveAsync(connection, batch.BotId, keys, users, cancel);
            await connection.ExecuteAsync("release savepoint deletion", cancel);
            return keys.ToDictionary(
                key => key,
                key => removed.TryGetValue(key, out var items) ? new StoreOutcome.Deleted(items) : (StoreOutcome)StoreOutcome.Missing.One);
        }
        catch (Exception e) when (StoreFailure.ReasonOf(e) is { } reason)
        {
            await connection.ExecuteAsync("rollback to savepoint deletion", CancellationToken.None);
            if (keys.Count == 1)
                return new() { [keys[0]] = new StoreOutcome.Failed(reason) };
        }
        var half = keys.Count / 2;
        var outcomes = await DeleteAsync(connection, batch, [.. keys.Take(half)], users, cancel);
        if (outcomes.Count < half || batch.IsLate())
            return outcomes;
        foreach (var (key, outcome) in await DeleteAsync(connection, batch, [.. keys.Skip(half)], users, cancel))
            outcomes.Add(key, outcome);
        return outcomes;
    }

    /// <summary>
    /// Locks the rows of the conversations' channel users, before any conversation is locked, and in the order in which an import takes
    /// them: whoever works on the same users waits here, and never in a circle (docs/adr/0027).
    /// </summary>
    /// <param name="cId">A channel user besides: the one whose conversations a job erases.</param>
    /// <returns>Their cIds. A user that has no row is not among them.</returns>
    /// <exception cref="PostgresException">Somebody holds one for too long.</exception>
    private static async Task<IReadOnlyList<string>> LockUsersAsync(
        NpgsqlConnection connection, string botId, IReadOnlyList<long> conversationKeys, string? cId, CancellationToken cancel)
    {
        var users = new List<string>();
        await using var command = new NpgsqlCommand(LockUsersSql, connection)
        {
            Parameters =
            {
                new() { Value = botId }, new() { Value = conversationKeys.ToArray() },
                new() { Value = (object?)cId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            },
        };
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
    /// <param name="users">The users that <see cref="LockUsersAsync"/> has locked in this transaction.</param>
    /// <returns>
    /// The items that were removed with each conversation that existed. A conversation that did not exist is left out. One that was stored
    /// anew under the same id has another key.
    /// </returns>
    /// <exception cref="PostgresException">The store refused, or something was locked for too long.</exception>
    /// <exception cref="NotConfirmedException">
    /// Something was still there after the deletion, or other items went than were counted.
    /// </exception>
    private static async Task<Dictionary<long, ItemCounts>> RemoveAsync(
        NpgsqlConnection connection, string botId, IReadOnlyList<long> conversationKeys, IReadOnlyList<string> users,
        CancellationToken cancel)
    {
        var removed = await LockAsync(connection, botId, conversationKeys, cancel);
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
        NpgsqlConnection connection, string botId, IReadOnlyList<long> conversationKeys, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(LockSql, connection)
        {
            Parameters = { new() { Value = botId }, new() { Value = conversationKeys.ToArray() } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var locked = new Dictionary<long, ItemCounts>(conversationKeys.Count);
        while (await reader.ReadAsync(cancel))
            locked.Add(reader.GetInt64(0), ItemCounts.None);
        return locked;
    }
}

/// <summary>After a deletion the store still held something of it, or had lost other items than were counted.</summary>
internal sealed class NotConfirmedException() : Exception("a deletion could not be confirmed by reading the store again");
