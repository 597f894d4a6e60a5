using System.Runtime.CompilerServices;
using System.Text;
using Ledger.Audit.Tree;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Machine;
using Ledger.Projections;

namespace Ledger.Audit.Mirror;

/// <summary>
/// Audits a mirror without any database: signature, every entry and every tile against the checkpoint's root, streams' versions, the rules
/// of jobs and what may follow what in the registry. Memory grows with the number of streams (a fold for each unfinished job, a document
/// for each stream of the registry, some 300 bytes for an ended job), not with their length.
/// </summary>
public static class MirrorAudit
{
    public static async Task<AuditReport> RunAsync(MirrorFolder mirror, AuditRequest request, CancellationToken cancel)
    {
        var began = TimeProvider.System.GetTimestamp();
        var findings = new Findings();
        var signatures = CheckpointSignatures.Of(request, findings);
        var note = mirror.Checkpoint() ?? throw new MirrorException(
            $"there is no mirror in {mirror.Folder} (no file 'checkpoint'): `ledger log export {ShellWord.Of(mirror.Folder)}` makes one");
        var own = signatures.Open(note, $"the mirror's checkpoint ({Path.Combine(mirror.Folder, "checkpoint")})");
        if (own is null)
            return new AuditReport { Findings = findings.All, Notes = findings.Notes, Elapsed = TimeProvider.System.GetElapsedTime(began) };
        KeptNote[] others = request.Since is { } since ? [.. request.Checkpoints, since] : [.. request.Checkpoints];
        var counts = new AuditCounts(request.Progress, 2 * own.Size);
        var tree = new TreeCheck((level, number, _) => new(mirror.Read(level, number, own.Size)), own.Size, own.Root, findings);
        var streams = new Dictionary<string, FoldedStream>(StringComparer.Ordinal);
        var besideKeys = UpToName([.. request.BesideKeys.Select(signatures.Open).OfType<KeptCheckpoint>()], own, findings)
            .Where(one => IsWithin(one, own, findings));
        var bySize = others.Select(signatures.Open).OfType<KeptCheckpoint>().Concat(besideKeys).OrderBy(one => one.Checkpoint.Size);
        await using var kept = new CheckpointCheck(bySize.ToAsyncEnumerable(), own.Origin, findings);
        await kept.BeginAsync(tree.Tree);
        await foreach (var leaf in LeavesAsync(mirror, 0, own.Size, findings, cancel))
        {
            await tree.AddAsync(leaf, kept.ReachedAsync, cancel);
            counts.AddLeaf();
            Replay(leaf, streams, findings);
            counts.AddEvent();
        }
        await tree.FinishAsync(cancel);
        await kept.FinishAsync(tree.Tree);
        foreach (var stream in streams.Values)
            stream.Close();
        return new AuditReport
        {
            Origin = own.Origin,
            Size = own.Size,
            Root = tree.Tree.Root(),
            Leaves = counts.Leaves,
            Checkpoints = kept.Checked + 1,
            Signatures = signatures.Checked,
            SignedLeaves = signatures.HasKeys && tree.Tree.Root().AsSpan().SequenceEqual(own.Root) ? own.Size : 0,
            Streams = streams.Count,
            Events = counts.Events,
            Elapsed = TimeProvider.System.GetElapsedTime(began),
            Findings = findings.All,
            Notes = findings.Notes,
        };
    }

    /// <summary>
    /// A mirror that was made before the log got a new name says nothing of what was signed under that name: after a restore other leaves
    /// stand in the places of the lost ones.
    /// </summary>
    /// <param name="besideKeys">One of each name, in the order of the names.</param>
    private static IEnumerable<KeptCheckpoint> UpToName(List<KeptCheckpoint> besideKeys, Checkpoint own, Findings findings)
    {
        var last = besideKeys.FindLastIndex(one => one.Checkpoint.Origin == own.Origin);
        foreach (var later in besideKeys.Skip(last < 0 ? besideKeys.Count : last + 1))
            findings.Note(
                $"The mirror is of the log's earlier name {own.Origin}: it was not compared with {later.Name}, which is of a later one.");
        return last < 0 ? besideKeys : besideKeys.Take(last + 1);
    }

    /// <summary>A signer goes on after a mirror was made: that a mirror is older is no difference.</summary>
    private static bool IsWithin(KeptCheckpoint one, Checkpoint own, Findings findings)
    {
        if (one.Checkpoint.Size > own.Size)
            findings.Note($"The mirror is older than {one.Name}: it was not compared with that. Export the log again to have it compared.");
        return one.Checkpoint.Size <= own.Size;
    }

    /// <summary>The leaves from one on: exactly one each, also where the mirror lacks it.</summary>
    internal static async IAsyncEnumerable<AuditedLeaf> LeavesAsync(
        MirrorFolder mirror, long from, long size, Findings findings, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var number = from / TileId.FullWidth; number * TileId.FullWidth < size; number++)
        {
            cancel.ThrowIfCancellationRequested();
            var width = (int)Math.Min(size - number * TileId.FullWidth, TileId.FullWidth);
            var entries = Bundle(mirror, number, width, size, findings);
            for (var i = 0; i < width; i++)
            {
                var index = number * TileId.FullWidth + i;
                if (index >= from)
                    yield return i < entries.Count ? Leaf(index, entries[i], findings) : AuditedLeaf.Missing(index, "", version: 0);
            }
            await Task.CompletedTask;
        }
    }

    private static IReadOnlyList<ReadOnlyMemory<byte>> Bundle(MirrorFolder mirror, long number, int width, long size, Findings findings)
    {
        var path = new TileId(TileId.Entries, number, width).Path;
        string problem;
        try
        {
            var bundle = mirror.Read(TileId.Entries, number, size);
            var entries = bundle is null ? null : TileId.ReadBundle(bundle);
            if (entries?.Count == width)
                return entries;
            problem = entries is null ? "no such file" : $"{entries.Count} entries";
        }
        catch (FormatException e)
        {
            problem = e.Message;
        }
        findings.Add(FindingKind.MirrorFile, path, $"{width} entries", problem, DamageMeaning);
        return [];
    }

    private const string DamageMeaning = "The mirror's file was damaged or lost. Export the log into an empty folder.";

    private static AuditedLeaf Leaf(long index, ReadOnlyMemory<byte> bytes, Findings findings)
    {
        try
        {
            var entry = LeafEntry.Parse(bytes);
            return new AuditedLeaf(index, entry.Stream, entry.Version, entry.Type, entry.At, entry.Data, bytes.ToArray());
        }
        catch (FormatException e)
        {
            findings.Add(
                FindingKind.EventUnreadable, $"leaf {index}", "an event in canonical JSON", e.Message,
                "The log holds something else than an event, or the mirror's file was changed.");
            return new AuditedLeaf(index, "", 0, "", default, bytes, bytes.ToArray());
        }
    }

    private static void Replay(AuditedLeaf leaf, Dictionary<string, FoldedStream> streams, Findings findings)
    {
        if (leaf.Version == 0)
            return;
        if (!streams.TryGetValue(leaf.Stream, out var stream))
        {
            var isJob = JobId.TryParse(leaf.Stream, out var job);
            if (!isJob && !Guid.TryParseExact(leaf.Stream, "D", out _))
                findings.Add(
                    FindingKind.EventUnreadable, leaf.ToString(), "a stream's id", leaf.Stream,
                    "The log holds something else than an event of this ledger.");
            // Which kind of stream it is is not in an entry, unless it is a job's.
            var stranger = Guid.TryParseExact(leaf.Stream, "D", out var id) ? id : default;
            stream = isJob
                ? new FoldedStream(job.Value, StreamIds.JobType, rowVersion: null, findings)
                : new FoldedStream(stranger, FoldedStream.TypeByFirstEvent, rowVersion: null, findings);
            streams.Add(leaf.Stream, stream);
        }
        stream.Apply(leaf.Version, leaf.Type, Encoding.UTF8.GetString(leaf.Data.Span), leaf.At);
        stream.ReleaseIfEnded();
    }
}
