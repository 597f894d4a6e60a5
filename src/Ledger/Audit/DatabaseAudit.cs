using Ledger.Audit.Tree;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Database.Checks;
using Npgsql;

namespace Ledger.Audit;

/// <summary>
/// Audits a ledger's database. It re-derives the log and its tree from the events, checks every checkpoint against it, and replays every
/// stream. It reads one snapshot, writes nothing and needs no key. Memory does not depend on the size.
/// </summary>
public static class DatabaseAudit
{
    private static readonly string StateSql = Sql.Load(typeof(DatabaseAudit), nameof(ReadStateAsync));

    /// <summary>Connections that are held until the audit ends. Each reads one part of the same snapshot.</summary>
    private const int Connections = 7;

    private sealed record State(string? Origin, long Size, byte[] Root, long Queued, long Events, DateTimeOffset Now);

    /// <summary>The coverage of the log by checkpoints.</summary>
    /// <param name="Checked">The number of checkpoints compared.</param>
    /// <param name="Signed">As in <see cref="AuditReport.SignedLeaves"/>.</param>
    private sealed record Coverage(long Checked, long Signed);

    /// <param name="database">The database. The connection may be that of the service's role.</param>
    public static async Task<AuditReport> RunAsync(NpgsqlDataSource database, AuditRequest request, CancellationToken cancel)
    {
        var began = TimeProvider.System.GetTimestamp();
        var findings = new Findings();
        if (new NpgsqlConnectionStringBuilder(database.ConnectionString).MaxPoolSize is var most and < Connections)
            throw new UnfitDatabaseException(
                $"Maximum Pool Size in the connection string is {most}, and an audit needs {Connections} connections: ask for more");
        await using var snapshot = await AuditSnapshot.TakeAsync(database, cancel);
        var connection = await snapshot.ConnectAsync(cancel);
        var state = await ReadStateAsync(connection, cancel);
        await SchemaAudit.RunAsync(connection, findings, cancel);
        snapshot.Return(connection);
        var signatures = CheckpointSignatures.Of(request, findings);
        var kept = request.Checkpoints.Concat(request.BesideKeys).Select(signatures.Open).OfType<KeptCheckpoint>().ToList();
        if (kept.Count == 0 && request.Since is null)
        {
            findings.Note(
                "Nothing that is kept outside the database was compared with it: name the key folder (--data or --keys), "
                + "or a checkpoint that you kept (--checkpoint).");
        }
        var (tree, start) = await BeginAsync(
            request, state, signatures, kept, new StoredTiles(await snapshot.ConnectAsync(cancel)).ReadAsync, findings, cancel);
        var counts = new AuditCounts(request.Progress, state.Size - start + state.Events);
        var streams = new StreamAudit(snapshot, findings, counts).RunAsync(start > 0 ? start : null, cancel);
        var log = CheckLogAsync(snapshot, state, tree, signatures, kept, findings, counts, cancel);
        await Task.WhenAll(log, streams);
        return new AuditReport
        {
            Origin = state.Origin,
            Size = state.Size,
            Root = tree.Tree.Root(),
            Leaves = counts.Leaves,
            Queued = state.Queued,
            Checkpoints = (await log).Checked,
            Signatures = signatures.Checked,
            SignedLeaves = (await log).Signed,
            Streams = counts.Streams,
            Events = counts.Events,
            Documents = counts.Documents,
            Elapsed = TimeProvider.System.GetElapsedTime(began),
            Findings = findings.All,
            Notes = findings.Notes,
        };
    }

    /// <summary>
    /// The tree to start from. If the log is consistent with the checkpoint to begin at, it is the tree up to that checkpoint. Else it is
    /// empty, and that checkpoint is one more to compare.
    /// </summary>
    private static async Task<(TreeCheck Tree, long Start)> BeginAsync(
        AuditRequest request, State state, CheckpointSignatures signatures, List<KeptCheckpoint> kept, TileReader tiles, Findings findings,
        CancellationToken cancel)
    {
        if (request.Since is { } note && signatures.Open(note) is { } since)
        {
            var tree = new TreeCheck(tiles, state.Size, state.Root, findings);
            if (since.Checkpoint.Size <= state.Size
                && await tree.TryBeginAtAsync(since.Checkpoint.Size, cancel)
                && tree.Tree.Root().AsSpan().SequenceEqual(since.Checkpoint.Root))
                return (tree, since.Checkpoint.Size);
            findings.Note("The log is not consistent with the checkpoint to begin at: everything was audited.");
            kept.Add(since);
        }
        return (new TreeCheck(tiles, state.Size, state.Root, findings), 0);
    }

    private static async Task<Coverage> CheckLogAsync(
        AuditSnapshot snapshot, State state, TreeCheck tree, CheckpointSignatures signatures, List<KeptCheckpoint> kept, Findings findings,
        AuditCounts counts, CancellationToken cancel)
    {
        var start = tree.Tree.Size;
        await using var stored = new CheckpointCheck(
            signatures.ReadAsync(await snapshot.ConnectAsync(cancel), start, cancel), state.Origin, findings);
        await using var auditors = new CheckpointCheck(
            kept.OrderBy(one => one.Checkpoint.Size).ToAsyncEnumerable(), state.Origin, findings);
        await stored.BeginAsync(tree.Tree);
        await auditors.BeginAsync(tree.Tree);
        var leaves = await snapshot.ConnectAsync(cancel);
        await foreach (var leaf in LoggedEvents.ReadAsync(leaves, start, state.Size, findings, cancel))
        {
            await tree.AddAsync(leaf, ReachedAsync, cancel);
            counts.AddLeaf();
        }
        snapshot.Return(leaves);
        await tree.FinishAsync(cancel);
        await stored.FinishAsync(tree.Tree);
        await auditors.FinishAsync(tree.Tree);
        await new UnsignedTail(await snapshot.ConnectAsync(cancel), state.Size, state.Now, findings)
            .CheckAsync(Math.Max(start, stored.Covered), auditors.Agreed, cancel);
        var covered = Math.Max(start, Math.Max(stored.Covered, auditors.Covered));
        return new Coverage(stored.Checked + auditors.Checked, signatures.HasKeys ? covered : 0);

        async ValueTask ReachedAsync(MerkleRoot root)
        {
            await stored.ReachedAsync(root);
            await auditors.ReachedAsync(root);
        }
    }

    private static async Task<State> ReadStateAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = AuditSnapshot.Command(connection, StateSql);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? new State(
                reader.IsDBNull(0) ? null : reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2), reader.GetInt64(3),
                reader.GetInt64(4), reader.GetFieldValue<DateTimeOffset>(5))
            : throw new InvalidOperationException(
                "the database has lost the state of its log (ledger.log_state has no row): restore it from a backup");
    }
}
