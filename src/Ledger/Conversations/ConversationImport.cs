using System.IO.Compression;
using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Conversations;

/// <summary>
/// Fills the conversation store from JSON Lines, in batches of one transaction each. Input of any size takes the memory of one batch. The same conversation twice
/// (in a batch, in the input, in two imports at once) is one conversation, so an import that stopped is simply run again.
/// </summary>
public sealed class ConversationImport(NpgsqlDataSource database, TimeProvider? time = null)
{
    // A batch ends at whichever comes first.
    private const int BatchConversations = 1_000;
    private const int BatchItems = 20_000;
    private const int BatchBytes = 16 << 20;

    private const int TimeoutSeconds = 300;

    private static readonly string ChannelUsersSql = Sql.Load(typeof(ConversationImport), "InsertChannelUsers");
    private static readonly string ConversationsSql = Sql.Load(typeof(ConversationImport), nameof(InsertConversationsAsync));
    private static readonly string UnusedUsersSql = Sql.Load(typeof(ConversationImport), nameof(DeleteUnusedUsersAsync));
    private static readonly string ItemsSql = Sql.Load(typeof(ConversationImport), nameof(CopyItemsAsync));
    private static readonly string AnalyticsSql = Sql.Load(typeof(ConversationImport), "InsertAnalytics");

    private readonly ImportBots _bots = new(database, time ?? TimeProvider.System);

    /// <summary>Imports every line.</summary>
    /// <param name="input">JSON Lines, see <see cref="ImportLine"/>; gzip or not.</param>
    /// <param name="asBot">The bot that a line's conversations are stored for; null: the one that it names.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <exception cref="ImportException">A line cannot be imported; nothing of its batch is.</exception>
    public async Task<ImportTotals> RunAsync(Stream input, Func<string, string>? asBot, Action<ImportTotals>? progress, CancellationToken cancel)
    {
        await using var plain = await DecompressedAsync(input, cancel);
        var lines = new ImportLineReader(plain);
        var totals = new ImportTotals(0, 0, 0, 0);
        await using var connection = await database.OpenConnectionAsync(cancel);
        while (true)
        {
            var (batch, isLast) = await ReadBatchAsync(lines, asBot, totals, cancel);
            if (batch.Count > 0)
                totals = await StoreAsync(connection, batch, lines.Number, totals, cancel);
            if (isLast)
                return totals with { Lines = lines.Number };
            progress?.Invoke(totals);
        }
    }

    /// <summary>Gzip is told by its first two bytes (RFC 1952 §2.3.1), so that it works on standard input too; no JSON begins with them.</summary>
    internal static async Task<Stream> DecompressedAsync(Stream input, CancellationToken cancel)
    {
        var buffered = new BufferedStream(input, 64 << 10);
        var magic = new byte[2];
        var read = await buffered.ReadAtLeastAsync(magic, 2, throwOnEndOfStream: false, cancel);
        var whole = new PrefixedStream(magic.AsMemory(0, read), buffered);
        return magic is [0x1F, 0x8B] ? new GZipStream(whole, CompressionMode.Decompress) : whole;
    }

    private async Task<(List<ImportedConversation> Batch, bool IsLast)> ReadBatchAsync(
        ImportLineReader lines, Func<string, string>? asBot, ImportTotals totals, CancellationToken cancel)
    {
        var batch = new List<ImportedConversation>(BatchConversations);
        var (items, bytes) = (0, 0);
        try
        {
            while (batch.Count < BatchConversations && items < BatchItems && bytes < BatchBytes)
            {
                if (await lines.NextAsync(cancel) is not { } line)
                    return (batch, true);
                var conversation = ImportLine.Parse(line);
                if (asBot is not null)
                    conversation = conversation with { BotId = asBot(conversation.BotId) };
                if (await _bots.ProblemAsync(conversation, cancel) is { } problem)
                    throw new FormatException(problem);
                batch.Add(conversation);
                items += conversation.Items.Count;
                bytes += conversation.Bytes;
            }
            return (batch, false);
        }
        catch (FormatException e)
        {
            throw new ImportException($"line {lines.Number}", e.Message, totals);
        }
    }

    private static async Task<ImportTotals> StoreAsync(
        NpgsqlConnection connection, List<ImportedConversation> batch, long lastLine, ImportTotals totals, CancellationToken cancel)
    {
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            await InsertChannelUsersAsync(connection, batch, cancel);
            var added = await InsertConversationsAsync(connection, batch, cancel);
            await DeleteUnusedUsersAsync(connection, batch, added, cancel);
            await CopyItemsAsync(connection, added, cancel);
            await InsertAnalyticsAsync(connection, added, cancel);
            await transaction.CommitAsync(cancel);
            return new ImportTotals(
                lastLine, totals.Imported + added.Count, totals.AlreadyThere + batch.Count - added.Count, totals.Items + added.Sum(one => (long)one.Conversation.Items.Count));
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal))
        {
            // Class 22, data exception: a number beyond jsonb's numeric, say. The server's words would quote it.
            throw new ImportException($"lines {totals.Lines + 1} to {lastLine}", $"one of them holds a value that PostgreSQL cannot store (SQLSTATE {e.SqlState})", totals);
        }
    }

    /// <summary>
    /// A channel user's creation is the earliest start seen of its conversations. Users before conversations, and rows in key order:
    /// imports and erasures that meet wait for each other here, and never in a circle (docs/adr/0027). A user that is there is locked too.
    /// </summary>
    private static async Task InsertChannelUsersAsync(NpgsqlConnection connection, List<ImportedConversation> batch, CancellationToken cancel)
    {
        await using var command = Command(connection, ChannelUsersSql,
            Array(batch, one => one.BotId), Array(batch, one => one.CId), Array(batch, one => one.StartedAt.UtcDateTime));
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Those that are new, with the keys that the store gave them.</summary>
    private static async Task<List<(long Key, ImportedConversation Conversation)>> InsertConversationsAsync(
        NpgsqlConnection connection, List<ImportedConversation> batch, CancellationToken cancel)
    {
        var firsts = batch.DistinctBy(one => (one.BotId, one.ConversationId)).ToDictionary(one => (one.BotId, one.ConversationId));
        var rows = firsts.Values;
        await using var command = Command(connection, ConversationsSql,
            Array(rows, one => one.BotId), Array(rows, one => one.ConversationId), Array(rows, one => one.CId), Array(rows, one => one.Channel),
            Array(rows, one => one.StartedAt.UtcDateTime));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var added = new List<(long, ImportedConversation)>(rows.Count);
        while (await reader.ReadAsync(cancel))
            added.Add((reader.GetInt64(0), firsts[(reader.GetString(1), reader.GetString(2))]));
        return added;
    }

    /// <summary>A line that was not taken adds no user.</summary>
    private static async Task DeleteUnusedUsersAsync(
        NpgsqlConnection connection, List<ImportedConversation> batch, List<(long Key, ImportedConversation Conversation)> added,
        CancellationToken cancel)
    {
        if (added.Count == batch.Count)
            return;
        var taken = added.Select(one => (one.Conversation.BotId, one.Conversation.CId));
        (string BotId, string CId)[] users = [.. batch.Select(one => (one.BotId, one.CId)).Except(taken)];
        await using var command = Command(connection, UnusedUsersSql, Array(users, user => user.BotId), Array(users, user => user.CId));
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static async Task CopyItemsAsync(NpgsqlConnection connection, List<(long Key, ImportedConversation Conversation)> added, CancellationToken cancel)
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

    private static async Task InsertAnalyticsAsync(NpgsqlConnection connection, List<(long Key, ImportedConversation Conversation)> added, CancellationToken cancel)
    {
        await using var command = Command(connection, AnalyticsSql,
            Array(added, one => one.Conversation.BotId), Array(added, one => one.Conversation.StartedAt.UtcDateTime), Array(added, one => one.Conversation.Channel),
            Array(added, one => one.Conversation.Items.Count(item => item.Kind == 0)), Array(added, one => one.Conversation.Items.Count));
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static NpgsqlParameter Array<T, TValue>(IReadOnlyCollection<T> rows, Func<T, TValue> value) => new() { Value = rows.Select(value).ToArray() };

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = TimeoutSeconds };
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }
}
