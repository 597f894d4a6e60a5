using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// Judges a job's events as they go by. This version's rules cannot judge the record of a newer ledger. Once something unknown was met,
/// nothing is proven, whatever the rules say of the rest. So a broken rule is kept until all events and their hashes were seen.
/// </summary>
internal sealed class JobRecordCheck(JobId job)
{
    /// <summary>Maximum number of unknown names that are reported.</summary>
    private const int MaxNamed = 10;

    private readonly string _stream = job.ToString();
    private readonly List<string> _unknown = [];
    private long _unknownLine;
    private InvalidProofException? _broken;
    private Submitted? _request;
    private Started? _list;

    public JobHistoryCheck History { get; } = new(job, rule => throw new InvalidProofException(rule.Sentence));

    public bool IsKnown => _unknown.Count == 0;

    /// <summary>The line of the first event that broke a rule. Null if none did.</summary>
    public long? BrokenLine { get; private set; }

    /// <param name="leaf">The job's next event.</param>
    /// <param name="line">Where it stands in the file.</param>
    /// <exception cref="FormatException">No ledger, of whatever version, writes such an event.</exception>
    /// <exception cref="InvalidProofException">It is another stream's.</exception>
    public void Add(LeafEntry leaf, long line)
    {
        if (leaf.Stream != _stream)
            throw new InvalidProofException($"an event of another stream: {leaf.Stream}");
        var (@event, unknown) = JobEventReader.Read(leaf);
        if (IsKnown)
            _unknownLine = line;
        _unknown.AddRange([.. unknown.Except(_unknown, StringComparer.Ordinal).Take(MaxNamed - _unknown.Count)]);
        _request ??= @event as Submitted;
        _list ??= @event as Started;
        Judge(() => History.Add(leaf.Version, leaf.At, @event), line);
    }

    /// <summary>Applies the rules to the whole record.</summary>
    /// <exception cref="InvalidProofException">A rule was broken, and all is known.</exception>
    public void End(long line)
    {
        Judge(History.End, line);
        if (IsKnown && _broken is not null)
            throw _broken;
    }

    /// <summary>The verdict on what is not known.</summary>
    public NotProvenException NotProven() => NotProvenException.Of(_unknown, _unknownLine);

    private void Judge(Action rules, long line)
    {
        if (_broken is not null)
            return;
        try
        {
            rules();
        }
        catch (InvalidProofException e)
        {
            (_broken, BrokenLine) = (e, line);
        }
    }

    /// <summary>True if this can be the commitment to the requested cId, as far as the request is known.</summary>
    public bool IsOfRequest(byte[] cId) =>
        _request is null || (_request is { RequestType: RequestType.CId, Commitments: [var asked] } && cId.AsSpan().SequenceEqual(asked));

    /// <summary>
    /// True if disclosed conversations are those of something that the log says, although not all of it is known. That is the outcomes,
    /// the request or the list. A rule of the history says that these agree with one another. The rest of a list is of that list alone.
    /// </summary>
    /// <param name="commitments">Of the first <paramref name="count"/> ordinals, as leaves.</param>
    /// <param name="rest">The manifest's rest.</param>
    public bool IsOfRecord(MerkleRoot commitments, long count, IReadOnlyList<byte[]> rest)
    {
        var root = commitments.Root();
        var isByIds = _request is { RequestType: RequestType.ConversationIds };
        var isOther = (History.Attempts.Cursor == count && History.Attempts.Manifest.Root().AsSpan().SequenceEqual(root))
            || (isByIds && IsAsked(root, count));
        if (_list is null)
            return isOther || !isByIds;
        if (count > _list.Conversations || NodeId.Covering(count, _list.Conversations) is not { } nodes || nodes.Count != rest.Count)
            return isOther; // not of this list: then of the outcomes or the request, or of nothing that the log says
        for (var i = 0; i < rest.Count; i++)
            commitments.AddSubtree(rest[i], nodes[i].Leaves);
        return (isOther && rest.Count == 0) || commitments.Root().AsSpan().SequenceEqual(_list.ManifestRoot);
    }

    private bool IsAsked(byte[] root, long count)
    {
        var asked = new MerkleRoot();
        foreach (var commitment in _request!.Commitments.Take((int)Math.Min(count, int.MaxValue)))
            asked.AddLeaf(MerkleTree.LeafHash(commitment));
        return asked.Size == count && asked.Root().AsSpan().SequenceEqual(root);
    }
}
