using System.Runtime.InteropServices;
using Ledger.Contracts.Transparency;

namespace Ledger.Audit;

/// <summary>A checkpoint that was kept outside the database.</summary>
/// <param name="Note">The signed note.</param>
/// <param name="Name">Its name in a finding, which says who kept it and where.</param>
public sealed record KeptNote(string Note, string Name)
{
    /// <summary>
    /// Other keys that may have signed it, beside those that the auditor gave. A signature by these alone counts as none.
    /// </summary>
    public IReadOnlyList<NoteVerifier> OtherKeys { get; init; } = [];

    /// <summary>
    /// True if it is the last checkpoint of an earlier name of the log. What was lost before the log was renamed is known.
    /// </summary>
    public bool IsOfEarlierName { get; init; }

    /// <summary>A checkpoint that an auditor kept in a file.</summary>
    public static KeptNote Yours(string note, string file) => new(note, $"your checkpoint {file}");
}

/// <summary>The inputs of an audit, beside the database or mirror itself.</summary>
public sealed record AuditRequest
{
    /// <summary>Keys of the log, one for each name that it had. With no keys, signatures are not checked, and the report says so.</summary>
    public IReadOnlyList<NoteVerifier> Keys { get; init; } = [];

    /// <summary>The checkpoint to start from: only what came after it is re-derived. Null for everything.</summary>
    public KeptNote? Since { get; init; }

    /// <summary>Checkpoints that the log must be consistent with.</summary>
    public IReadOnlyList<KeptNote> Checkpoints { get; init; } = [];

    /// <summary>Checkpoints that the log's signer keeps beside its keys. They may be newer than a mirror.</summary>
    public IReadOnlyList<KeptNote> BesideKeys { get; init; } = [];

    /// <summary>Called with the progress, a few times a second. It may be called from several threads.</summary>
    public Action<AuditProgress>? Progress { get; init; }
}

/// <param name="Leaves">Leaves re-derived so far.</param>
/// <param name="Events">Events replayed so far.</param>
/// <param name="Total">Leaves and events together, at the end.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AuditProgress(long Leaves, long Events, long Total);

/// <summary>The results of an audit: the numbers that were checked, and the differences.</summary>
public sealed record AuditReport
{
    /// <summary>The log's name; null before the first checkpoint.</summary>
    public string? Origin { get; init; }

    /// <summary>Leaves of the log.</summary>
    public long Size { get; init; }

    /// <summary>The root over them, as re-derived.</summary>
    public byte[] Root { get; init; } = [];

    /// <summary>Leaves re-derived from their events.</summary>
    public long Leaves { get; init; }

    /// <summary>Events that wait to be put into the log.</summary>
    public long Queued { get; init; }

    /// <summary>Checkpoints whose root was recomputed.</summary>
    public long Checkpoints { get; init; }

    /// <summary>The number of these checkpoints whose signature was checked.</summary>
    public long Signatures { get; init; }

    /// <summary>Leaves, from the first on, that a checked signature covers.</summary>
    public long SignedLeaves { get; init; }

    /// <summary>Events that no checked signature covers: the other leaves, and the queued events.</summary>
    public long UnsignedEvents => Size + Queued - SignedLeaves;

    public long Streams { get; init; }

    /// <summary>Events replayed.</summary>
    public long Events { get; init; }

    /// <summary>Status, list, queue and registry documents that were compared with the fold of their events.</summary>
    public long Documents { get; init; }

    public TimeSpan Elapsed { get; init; }

    /// <summary>The first finding of each kind; empty if nothing differs.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>Remarks that a reader should know, but that are no differences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The facts that no audit can show. Every report lists them.</summary>
    public static IReadOnlyList<string> Limits { get; } =
    [
        "that what was recorded was true when it was recorded: it shows that the record is whole and consistent, and how much is signed",
        "that a job's list, as resolved when it started, was all that the conversation store held",
        "that backups, replicas and copies of the conversations are erased too",
        "that nobody was shown another log: compare checkpoints with others who hold some, or have them witnessed, and keep this one",
    ];
}

/// <summary>Counts while an audit runs.</summary>
internal sealed class AuditCounts(Action<AuditProgress>? tell, long total)
{
    private const int Interval = 2048;

    private long _leaves;
    private long _events;

    public long Streams;
    public long Documents;

    public long Leaves => Interlocked.Read(ref _leaves);

    public long Events => Interlocked.Read(ref _events);

    public void AddLeaf()
    {
        if (Interlocked.Increment(ref _leaves) % Interval == 0)
            Tell();
    }

    public void AddEvent()
    {
        if (Interlocked.Increment(ref _events) % Interval == 0)
            Tell();
    }

    private void Tell() => tell?.Invoke(new AuditProgress(Leaves, Events, total));
}
