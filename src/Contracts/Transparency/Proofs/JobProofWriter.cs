using System.Buffers;
using System.Globalization;
using System.Text;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// Writes a job's erasure proof (docs/formats.md, "Job proof") as it goes, in bounded memory: the header, the runs in ascending order, the
/// disclosures, the end. It writes to the stream in chunks and neither flushes nor closes it.
/// </summary>
public sealed class JobProofWriter(Stream stream)
{
    /// <summary>The first line.</summary>
    public const string Header = "erasure-proof/v1";

    private const int ChunkBytes = 64 * 1024;
    private readonly ArrayBufferWriter<byte> _chunk = new(ChunkBytes);
    private IReadOnlyList<byte[]> _right = [];
    private long _owed;

    /// <param name="origin">The log's.</param>
    /// <param name="checkpoint">The signed checkpoint, verbatim.</param>
    public ValueTask WriteHeaderAsync(string origin, JobId job, string checkpoint, CancellationToken cancel = default)
    {
        Line($"{Header}\norigin {origin}\njob {job}\ncheckpoint {checkpoint.Count(c => c == '\n')}");
        Encoding.UTF8.GetBytes(checkpoint, _chunk);
        return DrainAsync(cancel);
    }

    /// <summary>Begins a run of adjacent leaves; exactly <paramref name="count"/> entries follow.</summary>
    /// <param name="first">Index of the run's first leaf.</param>
    /// <param name="count">Leaves, at least 1.</param>
    /// <param name="left">The hashes of <c>NodeId.Covering(0, first)</c>.</param>
    /// <param name="right">
    /// The hashes of <c>NodeId.Covering(first + count, size)</c> with the checkpoint's size; they are written behind the last entry.
    /// </param>
    public ValueTask BeginRunAsync(
        long first, long count, IReadOnlyList<byte[]> left, IReadOnlyList<byte[]> right, CancellationToken cancel = default)
    {
        Complete();
        (_owed, _right) = (count, right);
        Line($"run {first} {count} {left.Count} {right.Count}");
        Hashes(left);
        return DrainAsync(cancel);
    }

    /// <summary>One entry of the run, as it was hashed.</summary>
    public ValueTask WriteEntryAsync(ReadOnlySpan<byte> entry, CancellationToken cancel = default)
    {
        Next();
        Line(entry);
        if (_owed == 0)
            Hashes(_right);
        return DrainAsync(cancel);
    }

    /// <summary>
    /// Begins the disclosures, which are all or none. Exactly <paramref name="count"/> follow. For a cId request, the cId's comes first.
    /// Then comes one for every ordinal that has an outcome, ascending.
    /// </summary>
    public ValueTask BeginDisclosuresAsync(long count, CancellationToken cancel = default)
    {
        Complete();
        _owed = count;
        Line($"disclosures {count}");
        return DrainAsync(cancel);
    }

    public ValueTask WriteDisclosureAsync(Disclosure disclosure, CancellationToken cancel = default)
    {
        Next();
        disclosure.Write(_chunk);
        _chunk.Write("\n"u8);
        return DrainAsync(cancel);
    }

    /// <summary>Ends the proof.</summary>
    /// <param name="manifestRest">
    /// For a cancelled job, the hashes of <c>NodeId.Covering(ordinals with an outcome, conversations)</c> in the manifest's tree (a tree
    /// by the same rules, over its own leaves); empty where every ordinal has an outcome.
    /// </param>
    public async ValueTask EndAsync(IReadOnlyList<byte[]> manifestRest, CancellationToken cancel = default)
    {
        Complete();
        Line($"manifest-rest {manifestRest.Count}");
        Hashes(manifestRest);
        Line($"end");
        await stream.WriteAsync(_chunk.WrittenMemory, cancel);
        _chunk.Clear();
    }

    private void Next()
    {
        if (_owed-- <= 0)
            throw new InvalidOperationException("more lines than the proof says");
    }

    private void Complete()
    {
        if (_owed != 0)
            throw new InvalidOperationException($"{_owed} lines fewer than the proof says");
    }

    private void Hashes(IReadOnlyList<byte[]> hashes)
    {
        foreach (var hash in hashes)
            Line($"{Convert.ToBase64String(hash)}");
    }

    private void Line(ReadOnlySpan<byte> line)
    {
        _chunk.Write(line);
        _chunk.Write("\n"u8);
    }

    private void Line(FormattableString line) => Encoding.UTF8.GetBytes(line.ToString(CultureInfo.InvariantCulture) + "\n", _chunk);

    private ValueTask DrainAsync(CancellationToken cancel) =>
        _chunk.WrittenCount < ChunkBytes ? ValueTask.CompletedTask : WriteAsync(cancel);

    private async ValueTask WriteAsync(CancellationToken cancel)
    {
        await stream.WriteAsync(_chunk.WrittenMemory, cancel);
        _chunk.Clear();
    }
}
