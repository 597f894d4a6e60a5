using Npgsql;

namespace Ledger.Database.Checks;

/// <summary>
/// Transactions that somebody keeps open in this database. As long as one lasts, no row that is removed meanwhile leaves the tables. They
/// grow, and their readers slow down.
/// </summary>
/// <remarks>
/// The server tells the service's role the number of another's transaction, and not its beginning. So a node remembers when it saw that
/// number first.
/// </remarks>
public sealed class OldTransactions(NpgsqlDataSource database, TimeProvider time, ILogger<OldTransactions> log) : IDisposable
{
    /// <summary>Nothing of the ledger's lasts so long but an audit of a large one.</summary>
    public static readonly TimeSpan Old = TimeSpan.FromMinutes(5);

    private static readonly string OpenSql = Sql.Load(typeof(OldTransactions), nameof(WarningAsync));

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private Dictionary<string, DateTimeOffset> _seen = [];
    private string? _told;

    /// <summary>In words; null: there is none.</summary>
    public async Task<string?> WarningAsync(CancellationToken cancel)
    {
        await _oneAtATime.WaitAsync(cancel);
        try
        {
            var now = time.GetUtcNow();
            var open = await OpenAsync(cancel);
            _seen = open.Keys.ToDictionary(one => one, one => _seen.GetValueOrDefault(one, now), StringComparer.Ordinal);
            var old = _seen.Where(one => now - one.Value >= Old).OrderBy(one => one.Value).Select(one => one.Key).FirstOrDefault();
            if (old != _told && old is not null)
                log.LogWarning("{Warning}", Words(open[old]));
            _told = old;
            return old is null ? null : Words(open[old]);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private static string Words(int process) =>
        $"the server's process {process} has kept a transaction open for more than {Old.TotalMinutes:0} minutes. "
        + "What is removed meanwhile stays in the tables, and work gets slower: wait for its end (a dump, an audit), "
        + "or end it with pg_terminate_backend";

    private async Task<Dictionary<string, int>> OpenAsync(CancellationToken cancel)
    {
        var open = new Dictionary<string, int>(StringComparer.Ordinal);
        await using var command = database.CreateCommand(OpenSql);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            open[reader.GetString(0)] = reader.GetInt32(1);
        return open;
    }
}
