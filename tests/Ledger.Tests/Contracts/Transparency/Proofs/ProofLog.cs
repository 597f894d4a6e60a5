using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>A log in memory: a job's events among other streams', signed anew after whatever a dishonest operator wrote into it.</summary>
internal sealed class ProofLog
{
    public static readonly NoteSigner Key = new("log.example/t", NoteKeyType.Ed25519, [.. Enumerable.Repeat((byte)7, 32)]);
    public static readonly NoteSigner Witness = new("witness.example/w1", NoteKeyType.Cosignature, [.. Enumerable.Repeat((byte)9, 32)]);
    public static readonly Trust Trust = Trust.Parse(Key.Verifier.ToString(), [Witness.Verifier.ToString()]);
    public const long WitnessedAt = 1_780_000_000;

    private readonly List<(bool IsJobs, byte[] Entry)> _leaves = [];

    public required SampleJob Job { get; init; }

    public int Size => _leaves.Count;

    /// <summary>The same log, of whose leaves the proof leaves out one of the job's.</summary>
    public ProofLog Hiding(int version)
    {
        var i = _leaves.FindIndex(leaf => ReferenceEquals(leaf.Entry, Job.Entries[version - 1]));
        _leaves[i] = (false, _leaves[i].Entry);
        return this;
    }

    /// <summary>The job's entries with so many leaves of others before each of them.</summary>
    /// <param name="foreign">By the event's place; what is not there is 0.</param>
    public static ProofLog Of(SampleJob job, IReadOnlyList<int> foreign)
    {
        var log = new ProofLog { Job = job };
        for (var i = 0; i <= job.Entries.Count; i++)
        {
            for (var other = 0; other < (i < foreign.Count ? foreign[i] : 0); other++)
                log._leaves.Add((false, Encoding.UTF8.GetBytes($"other {i} {other}")));
            if (i < job.Entries.Count)
                log._leaves.Add((true, job.Entries[i]));
        }
        return log;
    }

    private MemoryTree? _tree;

    public MemoryTree Tree => _tree ??= MemoryTree.Of(_leaves.Select(leaf => MerkleTree.LeafHash(leaf.Entry)));

    public Checkpoint Checkpoint => new(Key.Verifier.Name, Size, Tree.Root(0, Size));

    /// <summary>Signed and witnessed.</summary>
    public string Note => Sign(Checkpoint).ToString();

    public static SignedNote Sign(Checkpoint checkpoint) =>
        new(checkpoint.Text, [Key.Sign(checkpoint.Text), Witness.Cosign(checkpoint.Text, WitnessedAt)]);

    /// <summary>The job's proof, as the service would write it.</summary>
    public async Task<string> JobProofAsync(bool isDisclosed = true, string? note = null)
    {
        using var stream = new MemoryStream();
        var writer = new JobProofWriter(stream);
        await writer.WriteHeaderAsync(Key.Verifier.Name, Job.Id, note ?? Note);
        foreach (var (first, count) in Runs())
        {
            await writer.BeginRunAsync(
                first, count, await Tree.Nodes(NodeId.Covering(0, first), default),
                await Tree.Nodes(NodeId.Covering(first + count, Size), default));
            for (var i = first; i < first + count; i++)
                await writer.WriteEntryAsync(_leaves[i].Entry);
        }
        Disclosure[] disclosures = isDisclosed ? [.. Job.Disclosures] : [];
        await writer.BeginDisclosuresAsync(disclosures.Length);
        foreach (var disclosure in disclosures)
            await writer.WriteDisclosureAsync(disclosure);
        await writer.EndAsync(Job.ManifestRest);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>The proof of one of the job's events.</summary>
    /// <param name="version">Of the event, from 1.</param>
    public async Task<string> ConversationProofAsync(int version, Disclosure? disclosure)
    {
        var entry = Job.Entries[version - 1];
        var index = _leaves.FindIndex(leaf => ReferenceEquals(leaf.Entry, entry));
        return new ConversationProof(entry, disclosure)
            .In(index, await InclusionProof.ProveAsync(index, Size, Tree.Nodes), Note)
            .ToString();
    }

    private IEnumerable<(int First, int Count)> Runs()
    {
        for (var first = 0; first < Size; first++)
        {
            var end = first;
            while (end < Size && _leaves[end].IsJobs)
                end++;
            if (end > first)
                yield return (first, end - first);
            first = end;
        }
    }
}

/// <summary>A job as the ledger would record it, or, edited, as it never would.</summary>
internal sealed record SampleJob(IReadOnlyList<(JobEvent Event, DateTimeOffset At)> Events)
{
    public static readonly DateTimeOffset Night = new(2026, 5, 8, 18, 0, 0, TimeSpan.Zero);
    private static readonly byte[] s_saltKey = new byte[32];

    public JobId Id { get; init; } = JobId.FromRandomness(new byte[32]);

    private IReadOnlyList<byte[]>? _entries;

    /// <summary>The events as they are stored; set by who stores what no ledger would.</summary>
    public IReadOnlyList<(string Type, string Data, DateTimeOffset At)> Stored { get; init; } =
        [.. Events.Select(e => (EventType.Of(e.Event).Name, EventType.Of(e.Event).Write(e.Event), e.At))];

    /// <summary>The events' leaves; set by who logs what no ledger would.</summary>
    public IReadOnlyList<byte[]> Entries
    {
        get =>
            _entries ??= [.. Stored.Select((e, i) => LeafEntry.Encode(Id.ToString(), i + 1, e.Type, e.At, Encoding.UTF8.GetBytes(e.Data)))];
        init => _entries = value;
    }

    private bool IsCId => Events[0].Event is Submitted { RequestType: RequestType.CId };

    /// <summary>Ordinals that have an outcome.</summary>
    public int Reached => 1 + Events.Select(e => OrdinalOf(e.Event)).DefaultIfEmpty(-1).Max();

    public IEnumerable<Disclosure> Disclosures =>
        [
            .. IsCId ? [Disclose(IdentifierKind.CId, null)] : Array.Empty<Disclosure>(),
            .. Enumerable.Range(0, Reached).Select(i => Disclose(IdentifierKind.Conversation, i)),
        ];

    public IReadOnlyList<byte[]> ManifestRest
    {
        get
        {
            var conversations = (int)(Events.Select(e => e.Event).OfType<Started>().FirstOrDefault()?.Conversations ?? 0);
            return
            [
                .. NodeId
                    .Covering(Reached, conversations)
                    .Select(node =>
                        ManifestTree(conversations).Root((int)(node.Index * node.Leaves), (int)((node.Index + 1) * node.Leaves))
                    ),
            ];
        }
    }

    public static MemoryTree ManifestTree(int conversations) =>
        MemoryTree.Of(Enumerable.Range(0, conversations).Select(i => MerkleTree.LeafHash(Commit(i))));

    public static byte[] Commit(int ordinal) => Disclose(IdentifierKind.Conversation, ordinal).Commitment();

    public static Disclosure Disclose(IdentifierKind kind, int? ordinal)
    {
        var id = ordinal is null ? "u-é \"x\"" : $"conversation-{ordinal}";
        return new Disclosure(kind, ordinal, id, Commitment.Salt(s_saltKey, kind, id));
    }

    public static int OrdinalOf(JobEvent @event) => @event switch
    {
        ConversationDeleted e => (int)e.Ordinal,
        ConversationSkipped e => (int)e.Ordinal,
        Failed { Ordinal: { } ordinal } => (int)ordinal,
        _ => -1,
    };

    /// <summary>The job with its events changed by the operator.</summary>
    public SampleJob Edited(
        Func<IReadOnlyList<(JobEvent Event, DateTimeOffset At)>, IEnumerable<(JobEvent Event, DateTimeOffset At)>> edit
    ) => new([.. edit(Events)]) { Id = Id };

    /// <summary>The job with one more event, of any type and data, in the given place.</summary>
    public SampleJob Inserting(int at, string type, string data) =>
        new(Events) { Id = Id, Stored = [.. Stored.Take(at), (type, data, Stored[at - 1].At), .. Stored.Skip(at)] };

    /// <summary>The job with its first event of a type changed.</summary>
    public SampleJob With<T>(Func<T, JobEvent> change)
        where T : JobEvent => Edited(events =>
        {
            var i = events.ToList().FindIndex(e => e.Event is T);
            return events.Select((e, at) => at == i ? (change((T)e.Event), e.At) : e);
        });
}
