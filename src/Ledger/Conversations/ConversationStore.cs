using System.Diagnostics.CodeAnalysis;
using Ledger.Database;
using Npgsql;

namespace Ledger.Conversations;

/// <summary>A conversation that a list identifies.</summary>
/// <param name="Key">Its place in the store's own order.</param>
public sealed record FoundConversation(long Key, string ConversationId, DateTimeOffset StartedAt)
{
    public override string ToString() => nameof(FoundConversation);
}

/// <summary>A conversation that may be under a legal hold.</summary>
/// <param name="Key">Its place in the store's own order.</param>
public sealed record HoldCandidate(long Key, string ConversationId, string CId)
{
    public override string ToString() => nameof(HoldCandidate);
}

/// <summary>
/// The conversation store in the ledger's own database. Every method runs in the caller's transaction: the deletion and its event are
/// recorded together, or neither is.
/// </summary>
[SuppressMessage("Performance", "CA1822", Justification = "an instance stands for the store: another kind of store has a state")]
public sealed class ConversationStore
{
    private static readonly string FindByIdsSql = Sql.Load(typeof(ConversationStore), nameof(FindByIdsAsync));
    private static readonly string FindByChannelUserSql = Sql.Load(typeof(ConversationStore), nameof(FindByChannelUserAsync));
    private static readonly string ChannelUserCreatedAtSql = Sql.Load(typeof(ConversationStore), nameof(ChannelUserCreatedAtAsync));
    private static readonly string FirstOfBotSql = Sql.Load(typeof(ConversationStore), nameof(FirstOfBotAsync));
    private static readonly string FirstOfChannelUserSql = Sql.Load(typeof(ConversationStore), nameof(FirstOfChannelUserAsync));
    private static readonly string FindHeldSql = Sql.Load(typeof(ConversationStore), nameof(FindHeldAsync));
    private static readonly string LastKeySql = Sql.Load(typeof(ConversationStore), nameof(LastKeyAsync));

    /// <summary>Those of the bot's conversations that exist.</summary>
    public Task<List<FoundConversation>> FindByIdsAsync(
        NpgsqlConnection connection, string botId, IReadOnlyList<string> ids, CancellationToken cancel) =>
        FindAsync(connection, FindByIdsSql, [new() { Value = botId }, new() { Value = ids.ToArray() }], cancel);

    /// <summary>
    /// A channel user's conversations that started from <paramref name="from"/> to <paramref name="to"/>, both inclusive, in key order.
    /// </summary>
    /// <param name="afterKey">Only keys above this one.</param>
    /// <param name="lastKey">Only keys up to this one. Later conversations are left alone.</param>
    /// <param name="limit">Maximum number of conversations.</param>
    public Task<List<FoundConversation>> FindByChannelUserAsync(
        NpgsqlConnection connection, string botId, string cId, DateTimeOffset from, DateTimeOffset to, long afterKey, long lastKey,
        int limit, CancellationToken cancel) =>
        FindAsync(
            connection,
            FindByChannelUserSql,
            [
                new() { Value = botId }, new() { Value = cId }, new() { Value = from.UtcDateTime }, new() { Value = to.UtcDateTime },
                new() { Value = afterKey }, new() { Value = lastKey }, new() { Value = limit },
            ], cancel);

    /// <summary>Those of the bot's conversations with these keys that are one of these, or a conversation of one of these users.</summary>
    public async Task<List<HoldCandidate>> FindHeldAsync(
        NpgsqlConnection connection, string botId, IReadOnlyList<long> keys, IReadOnlyList<string> ids, IReadOnlyList<string> cIds,
        CancellationToken cancel)
    {
        var held = new List<HoldCandidate>();
        await using var command = Command(connection, FindHeldSql, [
            new() { Value = botId }, new() { Value = keys.ToArray() }, new() { Value = ids.ToArray() }, new() { Value = cIds.ToArray() },
        ]);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            held.Add(new HoldCandidate(reader.GetInt64(0), reader.GetString(1), reader.GetString(2)));
        return held;
    }

    /// <summary>The instant at which the platform created the channel user; null if it does not know the user.</summary>
    public async Task<DateTimeOffset?> ChannelUserCreatedAtAsync(
        NpgsqlConnection connection, string botId, string cId, CancellationToken cancel)
    {
        await using var command = Command(connection, ChannelUserCreatedAtSql, [new() { Value = botId }, new() { Value = cId }]);
        return await command.ExecuteScalarAsync(cancel) is DateTime at ? new DateTimeOffset(at) : null;
    }

    /// <summary>The highest key so far.</summary>
    public async Task<long> LastKeyAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = Command(connection, LastKeySql, []);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>
    /// The instant at which the first of a bot's conversations started; null if there is none. It reads all of the bot's conversations. It
    /// is for tasks that an administrator does now and then.
    /// </summary>
    public Task<DateTimeOffset?> FirstOfBotAsync(NpgsqlConnection connection, string botId, CancellationToken cancel) =>
        FirstAsync(connection, FirstOfBotSql, [botId], cancel);

    /// <summary>The instant at which the first of a channel user's conversations started; null if there is none.</summary>
    public Task<DateTimeOffset?> FirstOfChannelUserAsync(
        NpgsqlConnection connection, string botId, string cId, CancellationToken cancel) =>
        FirstAsync(connection, FirstOfChannelUserSql, [botId, cId], cancel);

    /// <summary>
    /// Deletes a batch of conversations with all their items, and their channel users that have no conversation left, and confirms that
    /// nothing of them is left. Two jobs that share conversations wait for each other instead of deadlocking.
    /// </summary>
    /// <returns>
    /// By key. When it gets late, of the first ones only. A conversation that was stored anew under the same id has another key.
    /// </returns>
    /// <exception cref="NpgsqlException">The database is away, or it is nobody's own failure. Roll back.</exception>
    public Task<Dictionary<long, StoreOutcome>> DeleteAsync(NpgsqlConnection connection, StoreBatch batch, CancellationToken cancel) =>
        StoreDeletion.DeleteAsync(connection, batch, cancel);

    /// <summary>Deletes a channel user that has no conversation; does nothing to one that has.</summary>
    /// <exception cref="Exception">The store refused: see <see cref="StoreFailure.ReasonOf"/>.</exception>
    public Task DeleteUserAsync(NpgsqlConnection connection, string botId, string cId, CancellationToken cancel) =>
        StoreDeletion.DeleteUserAsync(connection, botId, cId, cancel);

    private static async Task<DateTimeOffset?> FirstAsync(NpgsqlConnection connection, string sql, string[] ids, CancellationToken cancel)
    {
        // It takes as long as it takes: there is no index on the start, and whoever asks is asked to name one that is right.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var id in ids)
            command.Parameters.Add(new NpgsqlParameter { Value = id });
        return await command.ExecuteScalarAsync(cancel) is DateTime at ? new DateTimeOffset(at) : null;
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
