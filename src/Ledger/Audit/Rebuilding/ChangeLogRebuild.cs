using System.Data;
using Ledger.Database;
using Ledger.Log.ChangeLogs;
using Ledger.Machine;
using Ledger.Projections.ChangeLog;
using Npgsql;

namespace Ledger.Audit.Rebuilding;

/// <summary>
/// Compares the entries of the change logs with the fold of the leaves, a range of leaves after the other. Where something differs, the
/// ranges that it is in are compared again in one transaction, and put right there. What is in the log does not change any more, and the
/// log's writer adds entries behind it only.
/// </summary>
/// <remarks>What is held is one range, and what is wrong: keys of rows and bounds of ranges.</remarks>
internal sealed class ChangeLogRebuild(NpgsqlConnection session, LeftAloneStreams leftAlone, RebuildTold told)
{
    /// <summary>Leaves of a range, about: it ends with the run that reaches this.</summary>
    private const int RangeLeaves = 8_192;

    private static readonly string LeavesSql = Sql.Load(typeof(ChangeLogRebuild), "Leaves");

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
        public long End { get; set; }
    }

    /// <param name="Wrong">Stored, and no entries or other ones.</param>
    /// <param name="Missing">Entries that are not stored so.</param>
    private sealed record Difference(IReadOnlyList<(Guid Stream, long FirstVersion)> Wrong, IReadOnlyList<LoggedEntry> Missing)
    {
        public bool IsNone => Wrong.Count == 0 && Missing.Count == 0;
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        var size = await SizeAsync(cancel);
        var wrong = new List<(long From, long End)>();
        for (var from = 0L; from < size;)
        {
            var range = await RangeAsync(from, size, cancel);
            if (range.Runs.Count == 0)
                break;
            if (!(await CompareAsync(range, cancel)).IsNone)
                wrong.Add((from, range.End));
            Entries += range.Entries.Count;
            from = range.End;
        }
        var surplus = await ChangeLogTable.BeyondLeavesAsync(session, cancel);
        if (wrong.Count > 0 || surplus.Count > 0)
            await PutRightAsync(wrong, size, surplus, cancel);
    }

    /// <summary>All at once: entries that took each other's places are never both away.</summary>
    private async Task PutRightAsync(
        List<(long From, long End)> ranges, long size, IReadOnlyList<(Guid Stream, long FirstVersion)> surplus, CancellationToken cancel)
    {
        await using var transaction = await session.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel);
        await RemoveAsync([.. surplus.Where(key => !leftAlone.Contains(key.Stream))], [], cancel);
        // Until now such a row may have kept the writer from adding what is an entry since.
        var now = await SizeAsync(cancel);
        foreach (var (from, end) in surplus.Count > 0 && now > size ? [.. ranges, (size, now)] : ranges)
            await PutRightAsync(from, end, cancel);
        foreach (var (stream, _) in _removed)
            _wrong.Surplus(stream);
        told.Enter(RebuildPhase.Committing);
        cancel.ThrowIfCancellationRequested();
        FaultPoint.At("rebuild.before-commit-of-entries");
        await transaction.CommitAsync(CancellationToken.None);
    }

    private async Task PutRightAsync(long from, long end, CancellationToken cancel)
    {
        while (from < end && await RangeAsync(from, end, cancel) is { Runs.Count: > 0 } range)
        {
            var difference = await CompareAsync(range, cancel);
            from = range.End;
            await RemoveAsync(difference.Wrong, difference.Missing, cancel);
            await using var batch = new NpgsqlBatch(session) { BatchCommands = { ChangeLogTable.Add(difference.Missing) } };
            await batch.ExecuteNonQueryAsync(cancel);
            foreach (var entry in difference.Missing)
            {
                if (_removed.Remove((entry.Stream, entry.FirstVersion)))
                    _wrong.Different(entry.Stream);
                else
                    _wrong.Missing(entry.Stream);
            }
        }
    }

    private async Task<long> SizeAsync(CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select size from ledger.log_state", session);
        return (long)(
            await command.ExecuteScalarAsync(cancel)
            ?? throw new RebuildException(
                "the database has lost the state of its log (ledger.log_state has no row): restore it from a backup")
        );
    }

    private async Task<Range> RangeAsync(long from, long to, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(LeavesSql, session)
        {
            CommandTimeout = 0,
            Parameters = { new() { Value = from }, new() { Value = to }, new() { Value = (long)RangeLeaves } },
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
                leftAlone.Add(range.Runs[^1].Stream);
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
                var type = await reader.IsDBNullAsync(4, cancel) ? null : reader.GetString(4);
                var named = await reader.IsDBNullAsync(5, cancel) ? null : reader.GetFieldValue<byte[]>(5);
                // Without the stream's row, or its first event, nobody can tell whose entries these are.
                if (type is null || (first > 1 && named is null))
                    leftAlone.Add(id);
                fold = new ChangeLogFold(id, type, named is null ? null : ChangeLogFold.BotOf(named));
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

    private async Task<Difference> CompareAsync(Range range, CancellationToken cancel)
    {
        var (wrong, right) = (new List<(Guid Stream, long FirstVersion)>(), new HashSet<(Guid Stream, long FirstVersion)>());
        foreach (var entry in await ChangeLogTable.OfAsync(session, range.Runs, cancel))
        {
            var key = (entry.Stream, entry.FirstVersion);
            if (leftAlone.Contains(entry.Stream))
                continue;
            if (range.Entries.TryGetValue(key, out var expected) && entry.Equals(expected))
                right.Add(key);
            else
                wrong.Add(key);
        }
        return new Difference(
            wrong,
            [
                .. range.Entries.Values.Where(entry =>
                    !leftAlone.Contains(entry.Stream) && !right.Contains((entry.Stream, entry.FirstVersion))
                ),
            ]
        );
    }

    private async Task RemoveAsync(
        IReadOnlyList<(Guid Stream, long FirstVersion)> keys, IReadOnlyList<LoggedEntry> places, CancellationToken cancel)
    {
        if (keys.Count > 0 || places.Count > 0)
            _removed.UnionWith(await ChangeLogTable.RemoveAsync(session, keys, places, cancel));
    }
}
