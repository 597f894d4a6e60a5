using System.Security.Cryptography;
using Ledger.Database;
using Ledger.EventStore;
using Ledger.Keys;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Npgsql;

namespace Ledger.Registry;

/// <summary>The registry in memory, at most one second old.</summary>
public sealed class RegistryCache(NpgsqlDataSource database, KeyFolder keys, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);
    private static readonly string RevisionSql = Sql.Load(typeof(RegistryCache), nameof(RevisionAsync));

    private readonly SemaphoreSlim _reading = new(1);
    private volatile RegistrySnapshot? _snapshot;

    /// <summary>A snapshot that is at most one second old.</summary>
    public ValueTask<RegistrySnapshot> CurrentAsync(CancellationToken cancel) =>
        _snapshot is { } snapshot && time.GetElapsedTime(snapshot.LoadedAt) < MaxAge
            ? ValueTask.FromResult(snapshot)
            : ReadSinceAsync(time.GetTimestamp() - (long)(MaxAge.TotalSeconds * time.TimestampFrequency), cancel);

    /// <summary>
    /// A snapshot read after <paramref name="since"/> (a <see cref="TimeProvider.GetTimestamp"/>). Use it before a request is refused
    /// because a bot, client, secret or grant is unknown, with the instant at which the request arrived. Everything that was registered
    /// before that instant must be found.
    /// </summary>
    public async ValueTask<RegistrySnapshot> ReadSinceAsync(long since, CancellationToken cancel)
    {
        await _reading.WaitAsync(cancel);
        try
        {
            // Whoever waited for another's read finds it fresh enough.
            if (_snapshot is { } snapshot && snapshot.LoadedAt > since)
                return snapshot;
            return _snapshot = await ReadAsync(_snapshot, cancel);
        }
        finally
        {
            _reading.Release();
        }
    }

    public void Dispose() => _reading.Dispose();

    private async Task<RegistrySnapshot> ReadAsync(RegistrySnapshot? last, CancellationToken cancel)
    {
        var loadedAt = time.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(cancel);
        // Read before the rest: a change in between is then seen as new once more, never missed.
        var revision = await RevisionAsync(connection, cancel);
        if (last is not null && last.Revision == revision)
            return last with { LoadedAt = loadedAt };
        var secrets = await SecretsAsync(connection, cancel);
        var clients = await Documents.AllAsync(connection, DocumentJson.Default.ApiClient, cancel);
        return new RegistrySnapshot(
            loadedAt,
            revision,
            (await Documents.AllAsync(connection, DocumentJson.Default.Bot, cancel)).ToDictionary(bot => bot.BotId, StringComparer.Ordinal),
            clients.ToDictionary(client => client.ClientId, client => Entry(client, secrets), StringComparer.Ordinal),
            (await Documents.AllAsync(connection, DocumentJson.Default.DeletionWindow, cancel)).ToDictionary(
                window => window.Name, StringComparer.Ordinal)
        )
        {
            Whole = await DeletionPauses.WholeAsync(connection, cancel),
        };
    }

    private ClientEntry Entry(ApiClient client, Dictionary<(string Client, string Secret), byte[]> secrets) =>
        new(client, [.. client.LiveSecrets.Select(id => Open(client.ClientId, id, secrets)).OfType<LiveSecret>()]);

    /// <summary>Opens a secret. Null if it is gone or cannot be opened: only its client is refused then.</summary>
    private LiveSecret? Open(string clientId, string secretId, Dictionary<(string Client, string Secret), byte[]> secrets)
    {
        try
        {
            return secrets.TryGetValue((clientId, secretId), out var sealedSecret)
                ? new LiveSecret(secretId, keys.OpenSecret(clientId, secretId, sealedSecret))
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>
    /// A digest of every document's version and last change, because a rebuild corrects a document without raising its version.
    /// </summary>
    private static async Task<long> RevisionAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(RevisionSql, connection) { Parameters = { new() { Value = StreamIds.Ledger } } };
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static async Task<Dictionary<(string Client, string Secret), byte[]>> SecretsAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        var secrets = new Dictionary<(string, string), byte[]>();
        await using var command = new NpgsqlCommand("select client_id, secret_id, sealed from ledger.client_secrets", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            secrets.Add((reader.GetString(0), reader.GetString(1)), reader.GetFieldValue<byte[]>(2));
        return secrets;
    }
}
