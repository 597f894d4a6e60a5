using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Log.ChangeLogs;
using Ledger.Projections.ChangeLog;
using Npgsql;

namespace Ledger.Audit;

/// <summary>
/// Compares the change log with the fold of the leaves, stream by stream. The stored entries are read in the same order, beside the events.
/// Memory depends neither on the number of entries nor on the length of a stream.
/// </summary>
internal sealed class ChangeLogComparison(Findings findings) : IAsyncDisposable
{
    private const string Meaning =
        "It was changed past the ledger, or an event was. If the log's checks hold, the events are right and this is not: run `ledger "
        + "rebuild`.";

    private IAsyncEnumerator<LoggedEntry> _stored = null!;
    private LoggedEntry? _ahead;
    private ChangeLogFold _fold = new(default, type: null);
    private Guid _stream;
    private string _name = "";

    /// <summary>Entries that were compared.</summary>
    public long Compared { get; private set; }

    /// <param name="connection">A connection to the audit's snapshot, for as long as this lives.</param>
    /// <param name="since">As in <see cref="ChangeLogTable.ReadAsync"/>.</param>
    /// <param name="cancel">Stops the reading.</param>
    public async Task BeginAsync(NpgsqlConnection connection, long? since, CancellationToken cancel)
    {
        _stored = ChangeLogTable.ReadAsync(connection, since, cancel).GetAsyncEnumerator(cancel);
        await AdvanceAsync();
    }

    /// <summary>Begins a stream: its leaves come next.</summary>
    public async ValueTask EnterAsync(Guid stream, string? type, string name)
    {
        await SurplusAsync(other => other.CompareTo(stream) < 0);
        (_stream, _name, _fold) = (stream, name, new ChangeLogFold(stream, type));
    }

    /// <summary>Takes the stream's next leaf.</summary>
    public ValueTask AddAsync(long leaf, long version, string type, DateTimeOffset at, string data) =>
        CompareAsync(_fold.Add(leaf, version, type, at, Encoding.UTF8.GetBytes(data)));

    /// <summary>Ends the stream: it has no more leaves.</summary>
    public async ValueTask LeaveAsync()
    {
        await CompareAsync(_fold.End());
        await SurplusAsync(other => other == _stream);
    }

    /// <summary>Ends the comparison: there are no more streams.</summary>
    public ValueTask FinishAsync() => SurplusAsync(_ => true);

    public ValueTask DisposeAsync() => _stored?.DisposeAsync() ?? default;

    private async ValueTask CompareAsync(LoggedEntry? expected)
    {
        if (expected is null)
            return;
        Compared++;
        while (_ahead is { } before && before.Stream == _stream && before.FirstVersion < expected.FirstVersion)
        {
            Add(_name, null, before);
            await AdvanceAsync();
        }
        if (_ahead is { } found && found.Stream == _stream && found.FirstVersion == expected.FirstVersion)
        {
            if (!found.Equals(expected))
                Add(_name, expected, found);
            await AdvanceAsync();
        }
        else
        {
            Add(_name, expected, null);
        }
    }

    /// <summary>Reports the stored entries of such streams that should not be there.</summary>
    private async ValueTask SurplusAsync(Func<Guid, bool> isOver)
    {
        // .NET orders UUIDs as PostgreSQL does: by their bytes as they are written.
        for (; _ahead is { } entry && isOver(entry.Stream); await AdvanceAsync())
            Add(entry.Stream == _stream ? _name : entry.Stream.ToString("D"), null, entry);
    }

    private async ValueTask AdvanceAsync() => _ahead = await _stored.MoveNextAsync() ? _stored.Current : null;

    private void Add(string stream, LoggedEntry? expected, LoggedEntry? found) => findings.Add(
        FindingKind.ChangeLog, $"the entries in {ChangeLogTable.Name} of {stream}", Text(expected), Text(found), Meaning);

    private static string Text(LoggedEntry? entry) => entry is null
        ? "none"
        : $"versions {entry.FirstVersion} to {entry.LastVersion} of the bot {entry.Bot}, leaves {entry.FirstLeaf} to {entry.Position}, "
            + $"recorded {entry.CreatedAt:O}, id {entry.Id}, {(entry.Outcomes is { } outcomes ? Readable(outcomes) : "one event")}";

    /// <summary>Outcomes in one canonical form, so that both sides compare. A text that has no such form is returned unchanged.</summary>
    private static string Readable(string outcomes)
    {
        try
        {
            return Encoding.UTF8.GetString(Jcs.Canonicalize(Encoding.UTF8.GetBytes(outcomes)));
        }
        catch (FormatException)
        {
            return outcomes;
        }
    }
}
