
namespace Ledger.Audit;

/// <summary>The kinds of difference, in the order of a report: causes come before their consequences.</summary>
public enum FindingKind
{
    /// <summary>The log has a leaf whose event is gone.</summary>
    EventRemoved,
    /// <summary>An event is not the one that the log has at its place.</summary>
    EventChanged,
    /// <summary>An event of the log stands at another's place.</summary>
    EventMoved,
    /// <summary>An event is neither in the log nor queued for it.</summary>
    EventNotInLog,
    /// <summary>An event has more than one leaf.</summary>
    EventTwiceInLog,
    /// <summary>The log has a stream's events in another order than the stream.</summary>
    EventOutOfOrder,
    /// <summary>An event is not what an event of its type can be.</summary>
    EventUnreadable,
    /// <summary>An event is of a type that this version does not know.</summary>
    EventUnknown,
    /// <summary>The map from leaf to event has a gap, overlaps or goes on beyond the log.</summary>
    LeafMap,
    /// <summary>A stored hash of the tree is not what the leaves give.</summary>
    Tile,
    /// <summary>Size or root of the log is not what its leaves give.</summary>
    LogState,
    /// <summary>A signed checkpoint is larger than the log.</summary>
    RolledBack,
    /// <summary>A signed checkpoint's root is not that of the log's first leaves.</summary>
    Forked,
    /// <summary>A checkpoint is not signed by a key that was given, or is not what it is kept as.</summary>
    CheckpointSignature,
    /// <summary>Events that no signature covers are older than a running service leaves them.</summary>
    UnsignedTail,
    /// <summary>A checkpoint that was signed is not in the database, nor a later one.</summary>
    CheckpointRemoved,
    /// <summary>A file of a mirror is missing or damaged.</summary>
    MirrorFile,
    /// <summary>A stream's versions have a gap, or its row says another version.</summary>
    StreamVersion,
    /// <summary>An event breaks a rule of what may follow what.</summary>
    JobRule,
    /// <summary>A status document is not the fold of its events.</summary>
    StatusDocument,
    /// <summary>A bot's, client's or window's document is not the fold of its events.</summary>
    RegistryDocument,
    /// <summary>A job's document, by which it is listed and claimed, is not the fold of its events.</summary>
    JobDocument,
    /// <summary>A manifest is not what its job's events say.</summary>
    JobManifest,
    /// <summary>Entries of a change log are not what the events and their leaves give.</summary>
    ChangeLog,
    /// <summary>A row belongs to no stream.</summary>
    Orphan,
    /// <summary>A trigger, function, view, right, owner, policy, column or constraint is not what the migrations made.</summary>
    Schema,
}

/// <summary>Something that differs.</summary>
/// <param name="Kind">The kind of difference.</param>
/// <param name="Where">The place: leaf, stream and version, document, tile or checkpoint.</param>
/// <param name="Expected">The expected state.</param>
/// <param name="Found">The state that was found.</param>
/// <param name="Meaning">The possible meaning, and the remedy.</param>
/// <param name="More">The number of further differences of the same kind.</param>
public sealed record Finding(FindingKind Kind, string Where, string Expected, string Found, string Meaning, long More = 0);

/// <summary>The differences: the first of each kind, and the number of further ones. Several threads may add to it at once.</summary>
internal sealed class Findings
{
    private const int LongestText = 2000;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<FindingKind, Finding> _first = [];
    private readonly List<string> _notes = [];

    public void Add(FindingKind kind, string where, string expected, string found, string meaning)
    {
        lock (_lock)
        {
            _first[kind] = _first.TryGetValue(kind, out var first)
                ? first with { More = first.More + 1 }
                : new Finding(kind, where, Shortened(expected), Shortened(found), meaning);
        }
    }

    /// <summary>Adds a remark that a reader should know, but that is no difference. Each remark is reported once.</summary>
    public void Note(string note)
    {
        lock (_lock)
        {
            if (!_notes.Contains(note))
                _notes.Add(note);
        }
    }

    public IReadOnlyList<Finding> All
    {
        get
        {
            lock (_lock)
                return [.. _first.Values];
        }
    }

    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_lock)
                return [.. _notes];
        }
    }

    private static string Shortened(string text) => text.Length <= LongestText ? text : text[..LongestText] + "…";
}
