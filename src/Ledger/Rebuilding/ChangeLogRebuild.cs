using System.Data;
using Ledger.Database;
using Ledger.EventStore;
using Ledger.Projections.ChangeLog;
using Npgsql;

namespace Ledger.Rebuilding;

/// <summary>
/// Compares the entries of the change logs with the fold of the leaves, a range of leaves after the other, and puts right what differs, all
/// in one transaction. What is in the log does not change any more, and the log's writer adds entries behind it only: nobody waits for this.
/// </summary>
internal sealed class ChangeLogRebuild(NpgsqlConnection session, RebuildTold told)
{
    /// <summary>Leaves of a range, about: it ends with the run that reaches this.</summary>
    private const int RangeLeaves = 8_192;

    private static readonly string LeavesSql = Sql.Load(typeof(ChangeLogRebuild), "Leaves");
    private static readonly string StoredSql = Sql.Load(typeof(ChangeLogRebuild), nameof(StoredAsync));
    private static readonly string RemoveSql = Sql.Load(typeof(ChangeLogRebuild), nameof(RemoveAsync));
    private static readonly string SurplusSql = Sql.Load(typeof(ChangeLogRebuild), nameof(SurplusAsync));

    private readonly WrongRows _wrong = new(ChangeLogTable.Name);

    /// <summary>Removed, and not yet found to be an entry of other leaves.</summary>
    private readonly HashSet<(Guid Stream, long FirstVersion)> _removed = [];

    /// <summary>As the leaves have them.</summary>
    public long Entries { get; private set; }

    public RebuiltProjection Rebuilt() => _wrong.Rebuilt();

    /// <summary>Runs of leaves, and the entries that they make.</summary>
    private sealed class Range
    {
        public List<(Guid Stream, long First, long Last)> Runs { get; } = [];
        public Dictionary<(Guid Stream, long FirstVersion), LoggedEntry> Entries { get; } = [];

        /// <summary>Of these an event is missing: nothing can tell which entries they should have.</summary>
        public HashSet<Guid> Broken { get; } = [];

        public long End { get; set; }
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        await using var transaction = await session.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel);
        var size = await SizeAsync(cancel);
        for (var from = 0L; from < size;)
        {
            var range = await RangeAsync(from, size, cancel);
            if (range.Runs.Count == 0)
                break;
            await CompareAsync(range, cancel);
            from = range.End;
        }
        await SurplusAsync(cancel);
        foreach (var (stream, _) in _removed)
            _wrong.Surplus(stream);
        cancel.ThrowIfCancellationRequested();
        await transaction.CommitAsync(CancellationToken.None);
    }

    private async Task<long> SizeAsync(CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select size from ledger.log_state", session);
        return (long)(await command.ExecuteScalarAsync(cancel)
            ?? throw new RebuildException("the database has lost the state of its log (ledger.log_state has no row): restore it from a backup"));
    }

    private async Task<Range> RangeAsync(long from, long size, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(LeavesSql, session)
        {
            CommandTimeout = 0,
            Parameters = { new() { Value = from }, new() { Value = size }, new() { Value = (long)RangeLeaves } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var range = new Range();
        var (index, next, end, offset) = (-1L, 0L, 0L, 0L);
        var fold = new ChangeLogFold(default, type: null);
        void Add(LoggedEntry? entry)
        {
            if (entry is not null)
                range.Entries[(entry.Stream, entry.FirstVersion)] = entry;
        }
        void EndRun()
        {
            Add(fold.End());
            if (next != end)
                range.Broken.Add(range.Runs[^1].Stream);
        }
        while (await reader.ReadAsync(cancel))
        {
            if (reader.GetInt64(0) != index)
            {
                EndRun();
                index = reader.GetInt64(0);
                var (count, id, first) = (reader.GetInt64(1), reader.GetGuid(2), reader.GetInt64(3));
                (next, end, offset) = (first, first + count, index - first);
                range.Runs.Add((id, first, end - 1));
                range.End = index + count;
                var bot = await reader.IsDBNullAsync(5, cancel) ? null : ChangeLogFold.BotOf(reader.GetFieldValue<byte[]>(5));
                fold = new ChangeLogFold(id, await reader.IsDBNullAsync(4, cancel) ? null : reader.GetString(4), bot);
            }
            if (await reader.IsDBNullAsync(6, cancel) || reader.GetInt64(6) != next)
                continue;
            var version = next++;
            Add(fold.Add(
                version + offset, version, reader.GetString(7), reader.GetFieldValue<DateTimeOffset>(8), reader.GetFieldValue<byte[]>(9)));
            told.AddLeaf();
        }
        EndRun();
        return range;
    }

    private async Task CompareAsync(Range range, CancellationToken cancel)
    {
        var (wrong, stored) = (new List<(Guid Stream, long FirstVersion)>(), new HashSet<(Guid Stream, long FirstVersion)>());
        foreach (var entry in await StoredAsync(range, cancel))
        {
            var key = (entry.Stream, entry.FirstVersion);
            if (range.Broken.Contains(entry.Stream))
                continue;
            if (range.Entries.TryGetValue(key, out var expected) && entry.Equals(expected))
                stored.Add(key);
            else
                wrong.Add(key);
        }
        LoggedEntry[] missing =
            [.. range.Entries.Values.Where(entry => !range.Broken.Contains(entry.Stream) && !stored.Contains((entry.Stream, entry.FirstVersion)))];
        Entries += range.Entries.Count;
        if (wrong.Count > 0 || missing.Length > 0)
            await PutRightAsync(wrong, missing, cancel);
    }

    private async Task PutRightAsync(List<(Guid Stream, long FirstVersion)> wrong, LoggedEntry[] missing, CancellationToken cancel)
    {
        await RemoveAsync(wrong, missing, cancel);
        await using var batch = new NpgsqlBatch(session) { BatchCommands = { ChangeLogTable.Add(missing) } };
        await batch.ExecuteNonQueryAsync(cancel);
        foreach (var entry in missing)
        {
            if (_removed.Remove((entry.Stream, entry.FirstVersion)))
                _wrong.Different(entry.Stream);
            else
                _wrong.Missing(entry.Stream);
        }
    }

    private async Task<List<LoggedEntry>> StoredAsync(Range range, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(StoredSql, session)
        {
            CommandTimeout = 0,
            Parameters =
            {
                new() { Value = range.Runs.Select(run => run.Stream).ToArray() },
                new() { Value = range.Runs.Select(run => run.First).ToArray() },
                new() { Value = range.Runs.Select(run => run.Last).ToArray() },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var entries = new List<LoggedEntry>();
        while (await reader.ReadAsync(cancel))
            entries.Add(ChangeLogTable.Row(reader));
        return entries;
    }

    private async Task RemoveAsync(
        IReadOnlyList<(Guid Stream, long FirstVersion)> keys, IReadOnlyList<LoggedEntry> places, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(RemoveSql, session)
        {
            CommandTimeout = 0,
            Parameters =
            {
                new() { Value = keys.Select(key => key.Stream).ToArray() },
                new() { Value = keys.Select(key => key.FirstVersion).ToArray() },
                new() { Value = places.Select(entry => entry.Bot).ToArray() },
                new() { Value = places.Select(entry => entry.Position).ToArray() },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            _removed.Add((reader.GetGuid(0), reader.GetInt64(1)));
    }

    private async Task SurplusAsync(CancellationToken cancel)
    {
        var surplus = new List<(Guid Stream, long FirstVersion)>();
        await using (var command = new NpgsqlCommand(SurplusSql, session) { CommandTimeout = 0 })
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
                surplus.Add((reader.GetGuid(0), reader.GetInt64(1)));
        }
        if (surplus.Count > 0)
            await RemoveAsync(surplus, [], cancel);
    }
}
