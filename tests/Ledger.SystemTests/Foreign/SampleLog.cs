using System.Buffers;
using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.SystemTests.Foreign;

/// <summary>A log in memory, of real leaf entries: whatever jobs are recorded in it, with other streams' events between.</summary>
internal sealed class SampleLog
{
    public static readonly NoteSigner Signer = new("ledger.example/sample", NoteKeyType.Ed25519, MerkleTree.LeafHash("the log"u8));
    public static readonly NoteSigner Witness = new("witness.example/w", NoteKeyType.Cosignature, MerkleTree.LeafHash("the witness"u8));

    private readonly List<byte[]> _entries = [];
    private readonly List<string> _streams = [];
    private readonly Dictionary<string, long> _versions = [];

    public long Size => _entries.Count;

    public static string Vkey => Signer.Verifier.ToString();

    public byte[] Entry(long index) => _entries[(int)index];

    public void Add(string stream, object @event, DateTimeOffset at)
    {
        var version = _versions[stream] = _versions.GetValueOrDefault(stream) + 1;
        var type = EventType.Of(@event);
        _entries.Add(LeafEntry.Encode(stream, version, type.Name, at, Encoding.UTF8.GetBytes(type.Write(@event))));
        _streams.Add(stream);
    }

    /// <summary>Events of another stream, which end a job's run.</summary>
    public void AddNoise(int events)
    {
        for (var i = 0; i < events; i++)
            Add(
                "2f4d1c0e-2c55-5e0e-9d0b-6c9f3b6a8a11", new GrantRevoked("st-noise", $"client-{Size}") { Actor = "sample" },
                SampleJob.Opens);
    }

    /// <summary>The job's events from the one after <paramref name="from"/> up to <paramref name="to"/>.</summary>
    public void Add(SampleJob job, int from = 0, int to = int.MaxValue)
    {
        foreach (var (@event, at) in job.Events.Take(to).Skip(from))
            Add(job.Id.ToString(), @event, at);
    }

    public Checkpoint Tree(long size) => new(Signer.Verifier.Name, size, Root(0, size));

    /// <summary>The signed checkpoint, cosigned by a witness.</summary>
    public string Checkpoint(long size) => Sign(Tree(size));

    public static string Sign(Checkpoint tree) =>
        new SignedNote(tree.Text, [Signer.Sign(tree.Text), Witness.Cosign(tree.Text, 1_780_000_000)]).ToString();

    public NodeReader Nodes =>
        (nodes, _) =>
            ValueTask.FromResult<IReadOnlyList<byte[]>>([
                .. nodes.Select(node => Root(node.Index * node.Leaves, (node.Index + 1) * node.Leaves)),
            ]);

    /// <summary>The conversation's proof that the ledger hands out.</summary>
    public async Task<string> ConversationProofAsync(SampleJob job, long index, string id, long size) =>
        new ConversationProof(Entry(index), job.Disclose(id))
            .In(index, await InclusionProof.ProveAsync(index, size, Nodes), Checkpoint(size))
            .ToString();

    /// <summary>The job's proof that the ledger hands out.</summary>
    public async Task<string> JobProofAsync(SampleJob job, bool discloses = true)
    {
        using var proof = new MemoryStream();
        var writer = new JobProofWriter(proof);
        await writer.WriteHeaderAsync(Signer.Verifier.Name, job.Id, Checkpoint(Size));
        foreach (var (first, end) in Runs(job.Id.ToString()))
        {
            await writer.BeginRunAsync(
                first, end - first, await Nodes(NodeId.Covering(0, first), default), await Nodes(NodeId.Covering(end, Size), default));
            for (var index = first; index < end; index++)
                await writer.WriteEntryAsync(Entry(index));
        }
        var disclosures = discloses ? job.Disclosures().ToArray() : [];
        await writer.BeginDisclosuresAsync(disclosures.Length);
        foreach (var disclosure in disclosures)
            await writer.WriteDisclosureAsync(disclosure);
        await writer.EndAsync(job.ManifestRest());
        return Encoding.UTF8.GetString(proof.ToArray());
    }

    /// <summary>The log as static files: every tile and bundle that its size implies.</summary>
    public void WriteTiles(string folder)
    {
        for (var level = TileId.Entries; level < 3; level++)
        {
            for (var number = 0; new TileId(level, number, 1).IsWithin(Size); number++)
            {
                var width = Enumerable.Range(1, TileId.FullWidth).Last(width => new TileId(level, number, width).IsWithin(Size));
                var file = Path.Combine(folder, new TileId(level, number, width).Path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                var tile = new ArrayBufferWriter<byte>();
                for (var i = number * 256; i < number * 256 + width; i++)
                {
                    if (level == TileId.Entries)
                        TileId.AppendTo(tile, Entry(i));
                    else
                        tile.Write(Root((long)i << (8 * level), (long)(i + 1) << (8 * level)));
                }
                File.WriteAllBytes(file, tile.WrittenSpan.ToArray());
            }
        }
    }

    private IEnumerable<(long First, long End)> Runs(string stream)
    {
        for (var first = _streams.IndexOf(stream); first >= 0;)
        {
            var end = first;
            while (end < _streams.Count && _streams[end] == stream)
                end++;
            yield return (first, end);
            first = _streams.IndexOf(stream, end);
        }
    }

    private byte[] Root(long first, long end)
    {
        var root = new MerkleRoot();
        for (var index = first; index < end; index++)
            root.AddLeaf(MerkleTree.LeafHash(Entry(index)));
        return root.Root();
    }
}
