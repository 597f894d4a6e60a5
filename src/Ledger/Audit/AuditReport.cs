using System.Runtime.InteropServices;
using Ledger.Contracts.Transparency;

namespace Ledger.Audit;

/// <summary>A checkpoint that was kept outside the database.</summary>
/// <param name="Note">The signed note.</param>
/// <param name="Name">What a finding calls it: who kept it, and where.</param>
public sealed record KeptNote(string Note, string Name)
{
    /// <summary>Keys that may have signed it besides those that the auditor gave. What only they signed counts as no signature.</summary>
    public IReadOnlyList<NoteVerifier> OtherKeys { get; init; } = [];

    /// <summary>It is the last one of a name that the log had earlier: what was lost before the log was renamed is known.</summary>
    public bool IsOfEarlierName { get; init; }

    /// <summary>Kept by an auditor, in a file.</summary>
    public static KeptNote Yours(string note, string file) => new(note, $"your checkpoint {file}");
}

/// <summary>What an audit is to check beside the database or mirror itself.</summary>
public sealed record AuditRequest
{
    /// <summary>Keys of the log, one for each name that it had. None: signatures are not checked, and the report says so.</summary>
    public IReadOnlyList<NoteVerifier> Keys { get; init; } = [];

    /// <summary>Only what came after this checkpoint is re-derived; null: everything.</summary>
    public KeptNote? Since { get; init; }

    /// <summary>Checkpoints that the log must be consistent with.</summary>
    public IReadOnlyList<KeptNote> Checkpoints { get; init; } = [];

    /// <summary>Checkpoints that the log's signer keeps beside its keys. They may be newer than a mirror.</summary>
    public IReadOnlyList<KeptNote> BesideKeys { get; init; } = [];

    /// <summary>Told how far it has come, a few times a second; may be called from several threads.</summary>
    public Action<AuditProgress>? Progress { get; init; }
}

/// <param name="Leaves">Leaves re-derived so far.</param>
/// <param name="Events">Events replayed so far.</param>
/// <param name="Total">Both together, in the end.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AuditProgress(long Leaves, long Events, long Total);

/// <summary>What an audit checked, and what differs.</summary>
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

    /// <summary>Of these, the ones whose signature was checked.</summary>
    public long Signatures { get; init; }

    /// <summary>Leaves, from the first on, that a signature which was checked covers.</summary>
    public long SignedLeaves { get; init; }

    /// <summary>Events that no signature covers which was checked: the other leaves, and what is queued.</summary>
    public long UnsignedEvents => Size + Queued - SignedLeaves;

    public long Streams { get; init; }

    /// <summary>Events replayed.</summary>
    public long Events { get; init; }

    /// <summary>Status, list, queue and registry documents that were compared with the fold of their events.</summary>
    public long Documents { get; init; }

    public TimeSpan Elapsed { get; init; }

    /// <summary>Of each kind the first; none: nothing differs.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>What a reader should know and is no difference.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What no audit can show; told with every report.</summary>
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
