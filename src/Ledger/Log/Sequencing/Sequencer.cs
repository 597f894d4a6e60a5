using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Log.ChangeLogs;
using Ledger.Projections.ChangeLog;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Log.Sequencing;

/// <summary>The result of sequencing in one pass.</summary>
/// <param name="Events">Number of events. 0 if nothing was waiting.</param>
/// <param name="Size">Number of the tree's leaves with them.</param>
/// <param name="CoveredUntil">
/// Every event committed before this instant is in the tree now. Null if there is more, beyond this pass's bound.
/// </param>
internal sealed record SequencedEvents(int Events, long Size, DateTimeOffset? CoveredUntil);

/// <summary>
/// Gives the appended events their leaves, in one transaction: fence → queue → events → hash and fold → runs, entries of the change log
/// (docs/adr/0018), tiles, size and root. A crash before the commit leaves everything as it was. A crash after it leaves a tree that is not
/// signed yet.
/// </summary>
internal static class Sequencer
{
    /// <summary>Approximate number of events in a pass. It ends with the queue row (at most 4,096 events) that reaches this
    /// number.</summary>
    public const int EventsPerPass = 4_096;

    private static readonly string GivenSql = Sql.Load(typeof(Sequencer), "ReadGiven");
    private static readonly string RunningSql = Sql.Load(typeof(Sequencer), "ReadRunning");
    private static readonly string WaitingSql = Sql.Load(typeof(Sequencer), "ReadWaiting");
    private static readonly string EdgeSql = Sql.Load(typeof(Sequencer), "ReadEdge");
    private static readonly string RunsSql = Sql.Load(typeof(Sequencer), "AddRuns");
    private static readonly string StateSql = Sql.Load(typeof(Sequencer), "AdvanceState");
    private static readonly string QueueSql = Sql.Load(typeof(Sequencer), "RemoveFromQueue");

    /// <param name="origin">The log's name, used if it has none yet.</param>
    /// <param name="floor">The beginning of the queue.</param>
    /// <param name="at">Told of each point that the pass reaches.</param>
    /// <returns>The result. Null if another writer has the fence.</returns>
    /// <exception cref="LogException">The log must not go on.</exception>
    public static async Task<SequencedEvents?> RunAsync(
        NpgsqlConnection connection, string origin, QueueFloor floor, Action<string> at, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var given = await GivenAsync(connection, cancel);
        floor.FallTo(given);
        // Only now does this transaction get its id, which is behind the ids of all that have a position by now.
        if (await LogState.TryLockAsync(connection, cancel) is not { } state)
            return null;
        var waiting = new Waiting();
        if (await HashAsync(connection, state, floor, given, waiting, cancel) is not { } tree)
            return new SequencedEvents(0, state.Size, state.Now);
        await WriteAsync(connection, state, origin, waiting, tree, cancel);
        at("log.before-commit");
        await transaction.CommitAsync(cancel);
        at("log.after-commit");
        return new SequencedEvents(waiting.Events, tree.Size, waiting.IsAll ? state.Now : null);
    }

    /// <summary>The rows and events that a pass takes from the queue.</summary>
    private sealed class Waiting
    {
        public List<long> Positions { get; } = [];
        public List<(long FirstIndex, long Count, Guid Stream, long FirstVersion)> Runs { get; } = [];
        public List<LoggedEntry> Entries { get; } = [];
        public int Events { get; private set; }
        public bool IsAll { get; set; } = true;

        /// <summary>Adds the next leaf. Contiguous versions of a stream become one run, also across queue rows.</summary>
        public void Add(long index, Guid stream, long version)
        {
            Events++;
            if (Runs.Count > 0 && Runs[^1] is var last && last.Stream == stream && last.FirstVersion + last.Count == version)
                Runs[^1] = last with { Count = last.Count + 1 };
            else
                Runs.Add((index, 1, stream, version));
        }

        public void Add(LoggedEntry? entry)
        {
            if (entry is not null)
                Entries.Add(entry);
        }
    }

    /// <returns>The tree with the waiting events. Null if none are waiting.</returns>
    private static async Task<TreeEdge?> HashAsync(
        NpgsqlConnection connection, LogState state, QueueFloor floor, long given, Waiting waiting, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(EdgeSql) { Parameters = { new() { Value = state.Size } } },
                new(RunningSql),
                new(WaitingSql) { Parameters = { new() { Value = (long)EventsPerPass }, new() { Value = floor.Begin() } } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var edge = new List<Tile>();
        while (await reader.ReadAsync(cancel))
            edge.Add(new Tile(reader.GetInt16(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)));
        var (oldest, own) = await NextAsync(reader, cancel) ? (reader.GetInt64(0), reader.GetInt64(1)) : (0, long.MaxValue);
        await reader.NextResultAsync(cancel);
        if (!reader.HasRows)
        {
            floor.Take(given, oldest, own, first: null);
            return null;
        }
        var tree = new TreeEdge(state.Size, edge);
        if (!tree.Root().AsSpan().SequenceEqual(state.Root))
            throw new LogException(
                $"the log's stored tiles do not give the root of its {state.Size} leaves: its database was changed. Restore it from a "
                + "backup"
            );
        await HashAsync(reader, tree, waiting, cancel);
        floor.Take(given, oldest, own, waiting.Positions[0]);
        return tree;
    }

    /// <summary>The last position that was given out.</summary>
    private static async Task<long> GivenAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(GivenSql, connection);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static async Task<bool> NextAsync(NpgsqlDataReader reader, CancellationToken cancel) =>
        await reader.NextResultAsync(cancel) && await reader.ReadAsync(cancel);

    private static async Task HashAsync(NpgsqlDataReader reader, TreeEdge tree, Waiting waiting, CancellationToken cancel)
    {
        var (position, expected, last) = (0L, 0L, -1L);
        var stream = "";
        var fold = new ChangeLogFold(default, type: null);
        while (await reader.ReadAsync(cancel))
        {
            var id = reader.GetGuid(1);
            if (reader.GetInt64(0) != position)
            {
                if (expected <= last)
                    throw Gone(expected, stream);
                (position, expected, last) = (reader.GetInt64(0), reader.GetInt64(2), reader.GetInt64(3));
                var type = await reader.IsDBNullAsync(4, cancel) ? null : reader.GetString(4);
                stream = StoredLeaf.StreamName(id, type);
                waiting.Positions.Add(position);
                // A row is an append, and no two appends to a job share an instant: what is counted ends here.
                waiting.Add(fold.End());
                var first = await reader.IsDBNullAsync(11, cancel) ? null : ChangeLogFold.BotOf(reader.GetFieldValue<byte[]>(11));
                fold = new ChangeLogFold(id, type, first);
                waiting.IsAll = !reader.GetBoolean(6);
                if (reader.GetBoolean(5))
                    throw new LogException(
                        $"version {expected} of stream {stream} is in the log already: it was removed and inserted again. Restore the "
                        + "database from a backup"
                    );
            }
            if (await reader.IsDBNullAsync(7, cancel) || reader.GetInt64(7) != expected)
                throw Gone(expected, stream);
            var (eventType, at, data) = (reader.GetString(8), reader.GetFieldValue<DateTimeOffset>(9), reader.GetFieldValue<byte[]>(10));
            var entry = StoredLeaf.Entry(stream, expected, eventType, at, data);
            waiting.Add(fold.Add(tree.Size, expected, eventType, at, data));
            waiting.Add(tree.Size, id, expected++);
            tree.AddLeaf(MerkleTree.LeafHash(entry));
        }
        if (expected <= last)
            throw Gone(expected, stream);
        waiting.Add(fold.End());
    }

    private static LogException Gone(long version, string stream) =>
        new(
            $"version {version} of stream {stream} was appended and is gone before it was logged: it was removed from the database. "
            + "Restore it from a backup"
        );

    private static async Task WriteAsync(
        NpgsqlConnection connection, LogState state, string origin, Waiting waiting, TreeEdge tree, CancellationToken cancel)
    {
        var runs = waiting.Runs;
        var advance = new NpgsqlBatchCommand(StateSql)
        {
            Parameters =
            {
                new() { Value = state.Size },
                new() { Value = state.Root },
                new() { Value = tree.Size },
                new() { Value = tree.Root() },
                new() { Value = origin },
            },
        };
        var remove = new NpgsqlBatchCommand(QueueSql)
        {
            Parameters = { new() { Value = waiting.Positions.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint } },
        };
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(RunsSql)
                {
                    Parameters =
                    {
                        new() { Value = runs.Select(run => run.FirstIndex).ToArray() },
                        new() { Value = runs.Select(run => run.Count).ToArray() },
                        new() { Value = runs.Select(run => run.Stream).ToArray() },
                        new() { Value = runs.Select(run => run.FirstVersion).ToArray() },
                    },
                },
                ChangeLogTable.Add(waiting.Entries),
                TileStore.Write([.. tree.Changed()]),
                advance,
                remove,
            },
        };
        await batch.ExecuteNonQueryAsync(cancel);
        // The row is locked, so this cannot be; were it so, two writers would have one place in the log to give.
        if (advance.RecordsAffected != 1 || remove.RecordsAffected != waiting.Positions.Count)
            throw new LogException("another writer changed the log under this one's fence: nothing of this pass is kept");
    }
}
