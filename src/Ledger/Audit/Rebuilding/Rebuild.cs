using Ledger.Database;
using Marten;
using Npgsql;

namespace Ledger.Audit.Rebuilding;

/// <summary>
/// Rebuilds documents and change logs from the events, while the service runs (docs/adr/0019), and puts right what differs. Documents go
/// stream by stream, each under the lock that every writer takes first, so a reader sees each as it was or as it must be. One rebuild at a
/// time.
/// </summary>
/// <param name="connectionString">To the database as <c>ledger_service</c>.</param>
/// <param name="store">Writes the documents.</param>
/// <param name="time">For how long it took.</param>
public sealed class Rebuild(string connectionString, IDocumentStore store, TimeProvider time)
{
    private const long AdvisoryLock = 0x72_65_62_75_69_6C_64; // "rebuild"

    private static readonly string EventsSql = Sql.Load(typeof(Rebuild), nameof(EventsAsync));

    /// <summary>The maximum wait for a stream that another transaction holds. A batch holds its job's stream for seconds at most.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <param name="progress">Told how far it is, a few times a second.</param>
    /// <param name="cancel">Stops it. What was put right until then stays.</param>
    /// <exception cref="RebuildException">It cannot be done now; says why and what to do.</exception>
    public async Task<RebuildReport> RunAsync(Action<RebuildProgress> progress, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        // Not pooled: settings and the advisory lock end with the session, however this ends.
        await using var session = await LedgerSession.OpenAsync(connectionString, SessionKind.Rebuild, cancel);
        await using (var only = new NpgsqlCommand($"select pg_try_advisory_lock({AdvisoryLock})", session))
        {
            if (await only.ExecuteScalarAsync(cancel) is not true)
                throw new RebuildException("another rebuild is running on this database: wait for its end");
        }
        var told = new RebuildTold(progress, await EventsAsync(session, cancel));
        told.Enter(RebuildPhase.Documents);
        var leftAlone = new LeftAloneStreams();
        var documents = new DocumentRebuild(session, store, LockTimeout, leftAlone, told);
        await documents.RunAsync(cancel);
        told.Enter(RebuildPhase.ChangeLogs);
        var entries = new ChangeLogRebuild(session, leftAlone, told);
        await entries.RunAsync(cancel);
        return new RebuildReport
        {
            Documents = documents.Documents + entries.Entries,
            Streams = told.Streams,
            Events = told.Events,
            Projections = [.. documents.Rebuilt(), entries.Rebuilt()],
            LeftAlone = leftAlone.Told(),
            Elapsed = time.GetElapsedTime(began),
        };
    }

    private static async Task<long> EventsAsync(NpgsqlConnection session, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(EventsSql, session);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }
}
