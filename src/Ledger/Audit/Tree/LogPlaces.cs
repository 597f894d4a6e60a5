using Ledger.Database;
using Npgsql;

namespace Ledger.Audit.Tree;

/// <summary>
/// The places in the log of a stream's events. They are read stream by stream, beside the events themselves. Each event must have one leaf,
/// in the stream's order, or be queued.
/// </summary>
internal sealed class LogPlaces(Findings findings)
{
    private static readonly string ReadSql = Sql.Load(typeof(LogPlaces), nameof(BeginAsync));

    private readonly List<Place> _places = [];
    private NpgsqlDataReader _reader = null!;
    private Place? _ahead;
    private string _stream = "";
    private int _at;

    /// <param name="FirstIndex">The leaf of the first version; null: still queued.</param>
    private sealed record Place(Guid Stream, string Name, long First, long End, long? FirstIndex);

    public async Task BeginAsync(NpgsqlConnection connection, long? since, CancellationToken cancel)
    {
        // Lives as long as the connection, which the snapshot closes.
        _reader = await AuditSnapshot.Command(connection, ReadSql, StreamAudit.Since(since)).ExecuteReaderAsync(cancel);
        await AdvanceAsync(cancel);
    }

    /// <summary>The events of a stream come next.</summary>
    public async Task EnterAsync(Guid stream, string name, CancellationToken cancel)
    {
        (_stream, _at) = (name, 0);
        _places.Clear();
        // .NET orders UUIDs as PostgreSQL does: by their bytes as they are written.
        for (; _ahead is { } place && place.Stream.CompareTo(stream) <= 0; await AdvanceAsync(cancel))
        {
            if (place.Stream == stream)
                _places.Add(place);
            else
                WithoutEvents(place);
        }
        CheckOrder();
    }

    /// <summary>The next event of the stream.</summary>
    /// <returns>Its leaf; null: it waits for one, or has none.</returns>
    public long? LeafOf(long version)
    {
        while (_at < _places.Count && _places[_at].End <= version)
            _at++;
        if (_at == _places.Count || version < _places[_at].First)
        {
            findings.Add(
                FindingKind.EventNotInLog, $"version {version} of {_stream}", "a leaf of the log, or an entry in its queue", "neither",
                "The event was inserted past the ledger, which queues every event for the log in the transaction that appends it.");
            return null;
        }
        return _places[_at].FirstIndex + (version - _places[_at].First);
    }

    /// <summary>The stream has no further events than up to this version.</summary>
    public void Leave(long version)
    {
        foreach (var place in _places.Where(place => place.FirstIndex is null && place.End - 1 > version))
            WithoutEvents(place);
    }

    public async Task FinishAsync(CancellationToken cancel)
    {
        for (; _ahead is { } place; await AdvanceAsync(cancel))
            WithoutEvents(place);
        await _reader.DisposeAsync();
    }

    private void CheckOrder()
    {
        for (var i = 1; i < _places.Count; i++)
        {
            var (before, place) = (_places[i - 1], _places[i]);
            if (place.First < before.End)
            {
                findings.Add(
                    FindingKind.EventTwiceInLog, $"version {place.First} of {_stream}", $"one place in the log: {Text(before)}",
                    $"also {Text(place)}",
                    "An event was put into the log again, past the ledger: by a changed map (ledger.log_runs) or queue (ledger.log_queue)."
                );
            }
            else if (place.FirstIndex < before.FirstIndex || (place.FirstIndex is not null && before.FirstIndex is null))
            {
                findings.Add(
                    FindingKind.EventOutOfOrder, $"version {place.First} of {_stream}",
                    $"a leaf after version {before.First}, which is {Text(before)}", Text(place),
                    "The log has the stream's events in another order than the stream: rows of the map (ledger.log_runs) were exchanged, "
                    + "or versions were (ledger.mt_events)."
                );
            }
        }
    }

    /// <summary>Logged events that are gone are named by their leaves; queued ones here.</summary>
    private void WithoutEvents(Place place)
    {
        if (place.FirstIndex is null)
        {
            findings.Add(
                FindingKind.EventRemoved, $"version {place.First} of {place.Name}", "an event that waits for the log",
                "no such row in ledger.mt_events",
                "The event was removed past the ledger before it was logged: nothing can tell what it was.");
        }
    }

    private async Task AdvanceAsync(CancellationToken cancel) =>
        _ahead = await _reader.ReadAsync(cancel)
            ? new Place(
                _reader.GetGuid(0), AuditedLeaf.NameOf(_reader.GetGuid(0), _reader.IsDBNull(4) ? null : _reader.GetString(4)),
                _reader.GetInt64(1), _reader.GetInt64(2), _reader.IsDBNull(3) ? null : _reader.GetInt64(3))
            : null;

    private static string Text(Place place) => place.FirstIndex is { } index ? $"leaf {index}" : "queued";
}
