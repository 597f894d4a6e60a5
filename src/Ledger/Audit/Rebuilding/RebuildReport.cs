using System.Runtime.InteropServices;

namespace Ledger.Audit.Rebuilding;

/// <summary>The steps of a rebuild, in order.</summary>
public enum RebuildPhase
{
    /// <summary>Folding streams and comparing their documents.</summary>
    Documents,

    /// <summary>A document was put right, for this session alone; the commit comes next.</summary>
    Committing,

    /// <summary>Folding leaves and comparing the change logs' entries.</summary>
    ChangeLogs,
}

/// <summary>The progress of a rebuild.</summary>
/// <param name="Phase">The current step.</param>
/// <param name="Streams">Folded so far.</param>
/// <param name="Events">Folded so far.</param>
/// <param name="Leaves">Folded so far.</param>
/// <param name="Total">Events, when it began. Each is folded once for its document and once as a leaf.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RebuildProgress(RebuildPhase Phase, long Streams, long Events, long Leaves, long Total);

/// <summary>The result for one projection.</summary>
/// <param name="Table">The table.</param>
/// <param name="Missing">Rows that were not there, and are now.</param>
/// <param name="Different">Rows that were not the fold of their events, and are now.</param>
/// <param name="Surplus">Rows that belonged to no stream or leaf, and are gone now.</param>
/// <param name="First">The streams of the first few of them.</param>
public sealed record RebuiltProjection(string Table, long Missing, long Different, long Surplus, IReadOnlyList<Guid> First)
{
    /// <summary>All of them.</summary>
    public long Wrong => Missing + Different + Surplus;
}

/// <summary>Streams whose events are not whole or cannot be read: their documents and entries stayed as they were.</summary>
/// <param name="Count">The number of streams.</param>
/// <param name="First">The first few of them.</param>
public sealed record LeftAlone(long Count, IReadOnlyList<Guid> First);

/// <summary>The differences that a rebuild found and put right.</summary>
public sealed record RebuildReport
{
    /// <summary>Streams that were folded.</summary>
    public required long Streams { get; init; }

    /// <summary>Events that were folded.</summary>
    public required long Events { get; init; }

    /// <summary>Documents and entries, as the events have them.</summary>
    public required long Documents { get; init; }

    /// <summary>The result for each projection.</summary>
    public required IReadOnlyList<RebuiltProjection> Projections { get; init; }

    /// <summary>The streams that could not be rebuilt.</summary>
    public required LeftAlone LeftAlone { get; init; }

    /// <summary>From the beginning to the end.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Rows that were put right.</summary>
    public long Wrong => Projections.Sum(projection => projection.Wrong);
}

/// <summary>A rebuild cannot be done now. The message says why and what to do.</summary>
public sealed class RebuildException(string message) : Exception(message);

/// <summary>Counts while a rebuild runs.</summary>
internal sealed class RebuildTold(Action<RebuildProgress> tell, long total)
{
    private const int Interval = 2048;

    private RebuildPhase _phase;
    private long _leaves;

    public long Streams { get; private set; }

    public long Events { get; private set; }

    public void Enter(RebuildPhase phase)
    {
        _phase = phase;
        Tell();
    }

    public void AddStreams(int streams)
    {
        Streams += streams;
        Tell();
    }

    public void AddEvent()
    {
        if (++Events % Interval == 0)
            Tell();
    }

    public void AddLeaf()
    {
        if (++_leaves % Interval == 0)
            Tell();
    }

    private void Tell() => tell(new RebuildProgress(_phase, Streams, Events, _leaves, total));
}

/// <summary>Streams of which nobody can tell what they should have: nothing of theirs is touched.</summary>
internal sealed class LeftAloneStreams
{
    private const int Named = 5;

    private readonly HashSet<Guid> _streams = [];

    public void Add(Guid stream) => _streams.Add(stream);

    public bool Contains(Guid stream) => _streams.Contains(stream);

    public LeftAlone Told() => new(_streams.Count, [.. _streams.Order().Take(Named)]);
}

/// <summary>Counts what was wrong in one table.</summary>
internal sealed class WrongRows(string table)
{
    private const int StreamsNamed = 5;

    private readonly List<Guid> _first = [];
    private long _missing, _different, _surplus;

    public void Missing(Guid stream) => Name(stream, ref _missing);

    public void Different(Guid stream) => Name(stream, ref _different);

    public void Surplus(Guid stream) => Name(stream, ref _surplus);

    public RebuiltProjection Rebuilt() => new(table, _missing, _different, _surplus, _first);

    private void Name(Guid stream, ref long count)
    {
        count++;
        if (_first.Count < StreamsNamed && !_first.Contains(stream))
            _first.Add(stream);
    }
}
