using Ledger.Database.Checks;
using Npgsql;

namespace Ledger.Database;

/// <summary>
/// Checks that the database still keeps a running node's promises. While it does not, the node deletes nothing, and readiness says why. An
/// answer serves all who ask within <see cref="Freshness"/>, because anybody may ask for readiness, as often as they like.
/// </summary>
public sealed class DatabaseHealth(string connectionString, NpgsqlDataSource source, TimeProvider time, ILogger<DatabaseHealth> log)
    : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    /// <summary>The look for a pooler takes connections of its own, and so it is rarer.</summary>
    private static readonly TimeSpan BetweenProbes = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private long _checked;
    private long _probed;
    private string? _pooler;
    private string? _problem;

    /// <summary>The problem, in words; null if there is none.</summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public async Task<string?> ProblemAsync(CancellationToken cancel)
    {
        await _oneAtATime.WaitAsync(cancel);
        try
        {
            if (_checked != 0 && time.GetElapsedTime(_checked) < Freshness)
                return _problem;
            var problem = await CheckAsync(cancel);
            if (problem != _problem && problem is not null)
                log.LogError("The database is not as it must be, and nothing is deleted meanwhile: {Problem}", problem);
            else if (problem != _problem)
                log.LogInformation("The database is as it must be again");
            (_problem, _checked) = (problem, time.GetTimestamp());
            return problem;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task<string?> CheckAsync(CancellationToken cancel)
    {
        if (await ServiceDatabase.ProblemAsync(source, cancel) is { } problem)
            return problem;
        if (_probed == 0 || time.GetElapsedTime(_probed) >= BetweenProbes)
            await ProbeAsync(cancel);
        return _pooler;
    }

    /// <summary>
    /// Looks for a pooler. Only a look that came to an end changes the verdict: a slow server, or one without a free connection, says
    /// nothing about poolers.
    /// </summary>
    private async Task ProbeAsync(CancellationToken cancel)
    {
        _probed = time.GetTimestamp();
        try
        {
            _pooler = await DatabaseCheck.PoolerProblemAsync(connectionString, cancel);
        }
        catch (Exception e) when (e is NpgsqlException or UnfitDatabaseException && !cancel.IsCancellationRequested)
        {
            log.LogWarning(
                "The look for a pooler that does not keep sessions came to no end, and the one before it counts: {Error} {SqlState}",
                e.GetType().Name, (e as NpgsqlException)?.SqlState);
        }
    }
}
