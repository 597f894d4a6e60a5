using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Checks a job's erasure proof (docs/formats.md, "Job proof") in one pass and bounded memory.</summary>
internal sealed class JobProofCheck(ProofLines lines, Trust trust)
{
    /// <summary>Maximum number of lines of a checkpoint's note: its text and signatures.</summary>
    private const int MaxCheckpointLines = 16 + SignedNote.MaxSignatures;

    private JobRecordCheck _record = null!;
    private Checkpoint _checkpoint = null!;
    private LeafRange _leaves = new(0, 0, 0);
    private bool _isJudged;

    private JobHistoryCheck History => _record.History;

    /// <summary>The line of a problem. A broken rule is reported after the hashes, but its line is before them.</summary>
    public long Line => _isJudged && _record is { IsKnown: true, BrokenLine: { } broken } ? broken : lines.Number;

    /// <exception cref="FormatException">It is not in the format.</exception>
    /// <exception cref="InvalidProofException">It does not hold.</exception>
    /// <exception cref="NotProvenException">A newer ledger recorded what is not known.</exception>
    public async Task<JobReport> RunAsync()
    {
        var log = await HeaderAsync();
        var line = await lines.NextTextAsync();
        while (line.StartsWith("run ", StringComparison.Ordinal))
        {
            await RunOfLeavesAsync(Numbers(line, "run", 4));
            line = await lines.NextTextAsync();
        }
        var count = Numbers(line, "disclosures", 1)[0];
        _isJudged = true;
        _record.End(lines.Number);
        if (!_record.IsKnown)
            throw await UnjudgedAsync(count);
        var (cId, disclosed) = await DisclosuresAsync(count);
        History.ExpectManifest(await ManifestRestAsync());
        await EndAsync();
        return JobReports.Of(History, log, _leaves, cId, disclosed);
    }

    private async Task<LogFacts> HeaderAsync()
    {
        if (await lines.NextTextAsync() != JobProofWriter.Header)
            throw new FormatException($"the first line is not '{JobProofWriter.Header}'");
        var origin = Value(await lines.NextTextAsync(), "origin");
        if (!JobId.TryParse(Value(await lines.NextTextAsync(), "job"), out var job))
            throw new FormatException("the job is not named by a job id");
        var count = Numbers(await lines.NextTextAsync(), "checkpoint", 1)[0];
        if (count > MaxCheckpointLines)
            throw new FormatException($"a checkpoint has at most {MaxCheckpointLines} lines");
        var note = new List<string>();
        while (note.Count < count)
            note.Add(await lines.NextTextAsync() + "\n");
        (_checkpoint, var facts) = trust.Open(string.Concat(note));
        if (origin != _checkpoint.Origin)
            throw new InvalidProofException($"the proof is of the log '{origin}', and its checkpoint of '{_checkpoint.Origin}'");
        _record = new JobRecordCheck(job);
        return facts;
    }

    /// <summary>Adjacent leaves between the subtrees left and right of them: together they must give the log's root.</summary>
    private async Task RunOfLeavesAsync(long[] run)
    {
        var (first, count) = (run[0], run[1]);
        if (count == 0 || first < _leaves.End || first > _checkpoint.Size - count)
            throw new FormatException("a run has at least one leaf, lies behind the one before it and within the log");
        var tree = new MerkleRoot();
        await SubtreesAsync(tree, 0, first, run[2]);
        for (var i = 0L; i < count; i++)
        {
            var entry = await lines.NextAsync();
            tree.AddLeaf(MerkleTree.LeafHash(entry.Span));
            _record.Add(LeafEntry.Parse(entry), lines.Number);
        }
        await SubtreesAsync(tree, first + count, _checkpoint.Size, run[3]);
        if (!tree.Root().AsSpan().SequenceEqual(_checkpoint.Root))
            throw new InvalidProofException(
                $"the leaves {first} to {first + count - 1} are not those of the log: they do not give its root");
        _leaves = new LeafRange(_leaves.Runs == 0 ? first : _leaves.First, first + count, _leaves.Runs + 1);
    }

    private async Task SubtreesAsync(MerkleRoot tree, long first, long end, long count)
    {
        var nodes = NodeId.Covering(first, end);
        if (count != nodes.Count)
            throw new FormatException($"the leaves from {first} up to {end} are {nodes.Count} subtrees, and not {count}");
        foreach (var node in nodes)
            tree.AddSubtree(await lines.NextHashAsync(), node.Leaves);
    }

    /// <summary>Identifiers and salts that give the commitments of the request and of every outcome: all of them, or none.</summary>
    private async Task<(string? CId, long Conversations)> DisclosuresAsync(long count)
    {
        if (count == 0)
            return (null, 0);
        var isCId = History.Submitted!.RequestType == RequestType.CId;
        var conversations = History.Attempts.Cursor;
        if (count != conversations + (isCId ? 1 : 0))
            throw new FormatException($"a proof discloses all identifiers or none: {conversations + (isCId ? 1 : 0)}, and not {count}");
        var cId = isCId ? await DiscloseCIdAsync() : null;
        var root = await ConversationsAsync(conversations);
        if (!root.Root().AsSpan().SequenceEqual(History.Attempts.Manifest.Root()))
            throw OtherConversations();
        return (cId, conversations);
    }

    /// <summary>The root over what the ordinals from 0 on are said to be.</summary>
    private async Task<MerkleRoot> ConversationsAsync(long count, Disclosure? first = null)
    {
        var root = new MerkleRoot();
        for (var ordinal = 0L; ordinal < count; ordinal++)
        {
            var disclosure = ordinal == 0 && first is not null ? first : await DisclosureAsync();
            if (disclosure.Kind != IdentifierKind.Conversation || disclosure.Ordinal != ordinal)
                throw new FormatException($"the disclosure of conversation {ordinal} was expected");
            root.AddLeaf(MerkleTree.LeafHash(disclosure.Commitment()));
        }
        return root;
    }

    private async Task<Disclosure> DisclosureAsync() => Disclosure.Parse((await lines.NextAsync()).Span);

    private async Task<string> DiscloseCIdAsync()
    {
        var disclosure = await DisclosureAsync();
        if (disclosure.Kind != IdentifierKind.CId || disclosure.Ordinal is not null)
            throw new FormatException("the disclosure of the cId was expected");
        return disclosure.Commitment().AsSpan().SequenceEqual(History.Submitted!.Commitments[0]) ? disclosure.Id : throw AnotherCId();
    }

    private static InvalidProofException AnotherCId() => new("the disclosed cId is not the one that the request commits to");

    private static InvalidProofException OtherConversations() =>
        new("the disclosed conversation ids are not those that the outcomes are of");

    /// <summary>
    /// Reads the rest after events of which some are not known. It cannot say how much must follow, but it checks form and hashes.
    /// </summary>
    private async Task<NotProvenException> UnjudgedAsync(long count)
    {
        var first = count > 0 ? await DisclosureAsync() : null;
        if (first is { Kind: IdentifierKind.CId })
        {
            if (first.Ordinal is not null)
                throw new FormatException("the disclosure of the cId was expected");
            if (!_record.IsOfRequest(first.Commitment()))
                throw AnotherCId();
            (first, count) = (null, count - 1);
        }
        var root = await ConversationsAsync(count, first);
        var rest = await ManifestRestAsync();
        if (count > 0 && !_record.IsOfRecord(root, count, rest))
            throw OtherConversations();
        await EndAsync();
        return _record.NotProven();
    }

    private async Task<List<byte[]>> ManifestRestAsync()
    {
        var count = Numbers(await lines.NextTextAsync(), "manifest-rest", 1)[0];
        if (count > MerkleTree.HashSize * 8)
            throw new FormatException("the rest of the manifest has too many hashes");
        var rest = new List<byte[]>();
        while (rest.Count < count)
            rest.Add(await lines.NextHashAsync());
        return rest;
    }

    private async Task EndAsync()
    {
        if (await lines.NextTextAsync() != "end")
            throw new FormatException("the last line is not 'end'");
        await lines.EndAsync();
    }

    private static string Value(string line, string name) => line.StartsWith(name + " ", StringComparison.Ordinal)
        ? line[(name.Length + 1)..]
        : throw new FormatException($"a line '{name} …' was expected");

    private static long[] Numbers(string line, string name, int count) =>
        Value(line, name).Split(' ', count + 1) is var numbers && numbers.Length == count
            ? [.. numbers.Select(number => Checkpoint.ParseNumber(number, $"a number of '{name}'"))]
            : throw new FormatException($"'{name}' has {count} number{(count == 1 ? "" : "s")}");
}
