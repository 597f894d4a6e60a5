using System.Runtime.CompilerServices;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Npgsql;

namespace Ledger.Audit;

/// <summary>The events in log order: the map from leaf to event, joined with the events' rows.</summary>
internal static class LoggedEvents
{
    private static readonly string ReadSql = Sql.Load(typeof(LoggedEvents), nameof(ReadAsync));

    /// <summary>One row of the map, with one event of it or none.</summary>
    private sealed record Row(
        long FirstIndex, long Count, Guid StreamId, long FirstVersion, string? StreamType, long? Version, AuditedEvent? Event)
    {
        public string Stream => AuditedLeaf.NameOf(StreamId, StreamType);
    }

    private sealed record AuditedEvent(string Type, DateTimeOffset At, byte[] Data);

    /// <summary>
    /// Every leaf from <paramref name="from"/> up to, not including, <paramref name="size"/>: exactly one each, also where its event is
    /// missing.
    /// </summary>
    public static async IAsyncEnumerable<AuditedLeaf> ReadAsync(
        NpgsqlConnection connection, long from, long size, Findings findings, [EnumeratorCancellation] CancellationToken cancel)
    {
        var next = from;
        await using var command = AuditSnapshot.Command(connection, ReadSql, from);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var run = (FirstIndex: from, End: from, FirstVersion: 0L, Stream: "");
        while (await reader.ReadAsync(cancel))
        {
            var row = Read(reader);
            if (row.FirstIndex != run.FirstIndex || run.Stream.Length == 0)
            {
                foreach (var leaf in Missing(next, Math.Min(run.End, size), run))
                    yield return leaf;
                next = Math.Max(next, run.End);
                CheckMap(row, next, from, size, findings);
                foreach (var leaf in Unnamed(next, Math.Min(row.FirstIndex, size)))
                    yield return leaf;
                next = Math.Max(next, Math.Min(row.FirstIndex, size));
                run = (row.FirstIndex, row.FirstIndex + row.Count, row.FirstVersion, row.Stream);
            }
            if (row.Version is not { } version
                || row.FirstIndex + version - row.FirstVersion is var index && (index < next || index >= size))
                continue;
            foreach (var leaf in Missing(next, index, run))
                yield return leaf;
            next = index + 1;
            yield return Leaf(index, row, findings);
        }
        foreach (var leaf in Missing(next, Math.Min(run.End, size), run))
            yield return leaf;
        next = Math.Max(next, Math.Min(run.End, size));
        if (next < size)
            findings.Add(
                FindingKind.LeafMap, $"leaf {next}", "an event for each leaf (ledger.log_runs)", $"none from leaf {next} to {size - 1}",
                MapMeaning);
        foreach (var leaf in Unnamed(next, size))
            yield return leaf;
    }

    private const string MapMeaning =
        "Rows of the map from leaf to event (ledger.log_runs) were removed, added or changed past the ledger. Restore them from a backup.";

    private static void CheckMap(Row row, long next, long from, long size, Findings findings)
    {
        if (row.FirstIndex > next && next < size)
            findings.Add(
                FindingKind.LeafMap, $"leaf {next}", "an event for each leaf (ledger.log_runs)",
                $"none from leaf {next} to {Math.Min(row.FirstIndex, size) - 1}", MapMeaning);
        if (row.FirstIndex < next && row.FirstIndex >= from)
            findings.Add(
                FindingKind.LeafMap, $"leaf {row.FirstIndex}", "one event for each leaf",
                $"also version {row.FirstVersion} of {row.Stream}", MapMeaning);
        if (row.FirstIndex + row.Count > size)
            findings.Add(
                FindingKind.LeafMap, $"leaf {Math.Max(row.FirstIndex, size)}", $"a log of {size} leaves",
                $"version {row.FirstVersion} of {row.Stream} beyond its end", MapMeaning);
    }

    private static IEnumerable<AuditedLeaf> Missing(long from, long to, (long FirstIndex, long End, long FirstVersion, string Stream) run)
    {
        for (var index = from; index < to; index++)
            yield return AuditedLeaf.Missing(index, run.Stream, run.FirstVersion + index - run.FirstIndex);
    }

    private static IEnumerable<AuditedLeaf> Unnamed(long from, long to)
    {
        for (var index = from; index < to; index++)
            yield return AuditedLeaf.Missing(index, "", version: 0);
    }

    private static AuditedLeaf Leaf(long index, Row row, Findings findings)
    {
        var (type, at, data) = row.Event!;
        try
        {
            return new AuditedLeaf(
                index, row.Stream, row.Version!.Value, type, at, data, LeafEntry.Encode(row.Stream, row.Version.Value, type, at, data));
        }
        catch (FormatException e)
        {
            findings.Add(
                FindingKind.EventUnreadable, $"leaf {index}, version {row.Version} of {row.Stream}", "an event that can be a leaf",
                e.Message, "The event was changed past the ledger after it was logged. Restore its row from a backup.");
            return new AuditedLeaf(index, row.Stream, row.Version!.Value, type, at, data, Entry: null);
        }
    }

    private static Row Read(NpgsqlDataReader reader) =>
        new(
            reader.GetInt64(0),
            reader.GetInt64(1),
            reader.GetGuid(2),
            reader.GetInt64(3),
            reader.IsDBNull(4) ? null : reader.GetString(4),
            reader.IsDBNull(5) ? null : reader.GetInt64(5),
            reader.IsDBNull(5)
                ? null
                : new AuditedEvent(reader.GetString(6), reader.GetFieldValue<DateTimeOffset>(7), reader.GetFieldValue<byte[]>(8))
        );
}
