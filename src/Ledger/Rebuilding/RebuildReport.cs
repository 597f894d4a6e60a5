using System.Runtime.InteropServices;

namespace Ledger.Rebuilding;

/// <summary>What a rebuild does, in this order.</summary>
public enum RebuildPhase
{
    /// <summary>Folding every stream into the shadow tables.</summary>
    Folding,
    /// <summary>Folding what was appended meanwhile.</summary>
    CatchingUp,
    /// <summary>Comparing the shadows with the live tables.</summary>
    Comparing,
    /// <summary>Locking the live tables, and putting them right.</summary>
    Swapping,
    /// <summary>All is put right, for this session alone; the commit comes next.</summary>
    Committing,
}

/// <param name="Events">Folded so far.</param>
/// <param name="Total">Of so many, when it began.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RebuildProgress(RebuildPhase Phase, long Streams, long Events, long Total);

/// <summary>What became of one projection.</summary>
/// <param name="Table">The live table.</param>
/// <param name="Missing">Rows that were not there, and are now.</param>
/// <param name="Different">Rows that were not the fold of their events, and are now.</param>
/// <param name="Surplus">Rows that belonged to no stream, and are gone now.</param>
/// <param name="First">The streams of the first few of them.</param>
public sealed record RebuiltProjection(string Table, long Missing, long Different, long Surplus, IReadOnlyList<Guid> First)
{
    public long Wrong => Missing + Different + Surplus;
}

/// <summary>Streams whose events are not whole or cannot be read: their documents stayed as they were.</summary>
/// <param name="First">The first few of them.</param>
public sealed record LeftAlone(long Count, IReadOnlyList<Guid> First);

/// <summary>What a rebuild found and put right.</summary>
public sealed record RebuildReport
{
    public required long Streams { get; init; }

    /// <summary>Events folded.</summary>
    public required long Events { get; init; }

    /// <summary>Rows of all projections, as the events have them.</summary>
    public required long Documents { get; init; }

    public required IReadOnlyList<RebuiltProjection> Projections { get; init; }

    public required LeftAlone LeftAlone { get; init; }

    public required TimeSpan Elapsed { get; init; }

    /// <summary>For so long writers waited; readers never.</summary>
    public required TimeSpan Locked { get; init; }

    public long Wrong => Projections.Sum(projection => projection.Wrong);
}

/// <summary>A rebuild cannot be done now. The message says why and what to do.</summary>
public sealed class RebuildException(string message) : Exception(message);

/// <summary>Counts while a rebuild runs.</summary>
internal sealed class RebuildTold(Action<RebuildProgress> tell, long total)
{
    private const int Interval = 2048;

    private RebuildPhase _phase;

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

    private void Tell() => tell(new RebuildProgress(_phase, Streams, Events, total));
}
