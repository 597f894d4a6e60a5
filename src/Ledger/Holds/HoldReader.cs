using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.EventStore;
using Ledger.Keys;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Holds;

/// <summary>A hold in a list.</summary>
/// <param name="Jobs">Number of jobs that skipped conversations because of it.</param>
public sealed record ListedHold(LegalHold Hold, long Jobs);

/// <summary>Reads legal holds. A method that takes a bot answers null if the hold does not exist or is another bot's.</summary>
public sealed class HoldReader(NpgsqlDataSource database)
{
    private static readonly string ListSql = Sql.Load(typeof(HoldReader), nameof(ListAsync));
    private static readonly string SecretsSql = Sql.Load(typeof(HoldReader), nameof(SecretsAsync));

    /// <summary>Legal holds, newest first.</summary>
    /// <param name="bot">The bot. Null for all.</param>
    /// <param name="status">Only those with this status. Null for all.</param>
    /// <param name="limit">Maximum number of holds.</param>
    /// <param name="after">The last hold of the page before. Null for the first page.</param>
    /// <param name="cancel">Stops the read.</param>
    public async Task<IReadOnlyList<ListedHold>> ListAsync(
        string? bot, string? status, int limit, HoldId? after, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ListSql);
        command.Parameters.AddWithValue(NpgsqlDbType.Text, (object?)bot ?? DBNull.Value);
        command.Parameters.AddWithValue(NpgsqlDbType.Text, (object?)status ?? DBNull.Value);
        command.Parameters.AddWithValue(NpgsqlDbType.Uuid, (object?)after?.Value ?? DBNull.Value);
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var holds = new List<ListedHold>();
        while (await reader.ReadAsync(cancel))
            holds.Add(new ListedHold(Document(reader.GetString(0)), reader.GetInt64(1)));
        return holds;
    }

    /// <summary>One hold, with the jobs that skipped conversations because of it.</summary>
    public async Task<(LegalHold Hold, IReadOnlyList<HeldJob> Jobs)?> FindAsync(string? bot, HoldId hold, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var document = await DocumentAsync(connection, hold, cancel);
        return document is null || (bot is not null && document.Bot != bot)
            ? null
            : (document, await HoldSkips.ReadAsync(connection, hold, cancel));
    }

    /// <summary>The hold's list. Null if it was destroyed, because the hold has ended.</summary>
    public async Task<HeldIdentifiers?> SecretsAsync(KeyFolder keys, HoldId hold, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(SecretsSql);
        command.Parameters.AddWithValue(hold.Value);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        var secrets = new JobSecrets(reader.GetInt32(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2));
        return HoldSecrets.Open(keys, hold, secrets)?.Held;
    }

    private static async Task<LegalHold?> DocumentAsync(NpgsqlConnection connection, HoldId hold, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"select data::text from {Documents.Table<LegalHold>()} where id = $1", connection)
        {
            Parameters = { new() { Value = hold.Value } },
        };
        return await command.ExecuteScalarAsync(cancel) is string json ? Document(json) : null;
    }

    private static LegalHold Document(string json) => JsonSerializer.Deserialize(json, DocumentJson.Default.LegalHold)!;
}
