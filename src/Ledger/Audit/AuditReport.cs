using System.Runtime.InteropServices;
using Ledger.Contracts.Transparency;

namespace Ledger.Audit;

/// <summary>A checkpoint that somebody kept outside the database, and says where.</summary>
/// <param name="Note">The signed note.</param>
/// <param name="Source">Such as the file's name.</param>
public sealed record KeptNote(string Note, string Source);

/// <summary>What an audit is to check beside the database or mirror itself.</summary>
public sealed record AuditRequest
{
    /// <summary>Keys of the log, one for each name that it had. None: signatures are not checked, and the report says so.</summary>
    public IReadOnlyList<NoteVerifier> Keys { get; init; } = [];

    /// <summary>Only what came after this checkpoint is re-derived; null: everything.</summary>
    public KeptNote? Since { get; init; }

    /// <summary>Checkpoints that the log must be consistent with.</summary>
    public IReadOnlyList<KeptNote> Checkpoints { get; init; } = [];

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
        "that what was recorded was true when it was recorded: it shows that the record is whole, consistent and signed",
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
