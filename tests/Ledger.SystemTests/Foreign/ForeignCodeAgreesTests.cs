using System.Text;
using Ledger.Contracts.Transparency;

namespace Ledger.SystemTests.Foreign;

/// <summary>Checkpoints, trees and tiles of ours, checked by golang.org/x/mod; what is broken is refused by it.</summary>
[Collection(ForeignChecks.Name)]
public sealed class ForeignCodeAgreesTests(ForeignCheck go) : IDisposable
{
    private const int Older = 277;
    private static readonly SampleJob s_job = SampleJob.Large(300);
    private static readonly SampleLog s_log = Log();
    private readonly string _folder = Directory.CreateTempSubdirectory("foreign-").FullName;

    [SkippableFact]
    public async Task Checkpoints_are_the_logs()
    {
        ForeignCheck.Required();
        var good = s_log.Checkpoint(s_log.Size);
        await go.HoldsAsync("checkpoint", Write(good), SampleLog.Vkey);
        await go.HoldsAsync("checkpoint", Write(s_log.Checkpoint(0)), SampleLog.Vkey);
        await go.FailsAsync(
            "another size", "checkpoint", Write(good.Replace($"\n{s_log.Size}\n", $"\n{s_log.Size + 1}\n", StringComparison.Ordinal)),
            SampleLog.Vkey);
        await go.FailsAsync(
            "another key", "checkpoint", Write(good),
            new NoteSigner(SampleLog.Signer.Verifier.Name, NoteKeyType.Ed25519, new byte[32]).Verifier.ToString());
        await go.FailsAsync(
            "another log", "checkpoint", Write(good),
            new NoteSigner("ledger.example/other", NoteKeyType.Ed25519, new byte[32]).Verifier.ToString());
        await go.FailsAsync("unsigned", "checkpoint", Write(s_log.Tree(5).Text), SampleLog.Vkey);
        await go.FailsAsync(
            "a key with another id", "checkpoint", Write(good), SampleLog.Vkey.Replace("sample+", "sample+0", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Entries_are_in_the_tree()
    {
        ForeignCheck.Required();
        var checkpoint = Write(s_log.Checkpoint(s_log.Size));
        foreach (var index in new[] { 0, 1, 255, 256, s_log.Size - 1 })
        {
            var (entry, path) = (Write(s_log.Entry(index)), await InclusionProof.ProveAsync(index, s_log.Size, s_log.Nodes));
            await go.HoldsAsync("inclusion", checkpoint, SampleLog.Vkey, $"{index}", entry, Hashes(path));
            await go.FailsAsync(
                "another entry", "inclusion", checkpoint, SampleLog.Vkey, $"{index}", Write([.. s_log.Entry(index), (byte)' ']),
                Hashes(path));
            await go.FailsAsync(
                "another place", "inclusion", checkpoint, SampleLog.Vkey, $"{(index + 1) % s_log.Size}", entry, Hashes(path));
            foreach (var (why, broken) in Broken(path))
                await go.FailsAsync(why, "inclusion", checkpoint, SampleLog.Vkey, $"{index}", entry, Hashes(broken));
        }
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(Older)]
    public async Task The_tree_begins_with_the_older_one(int older)
    {
        ForeignCheck.Required();
        var (before, after) = (Write(s_log.Checkpoint(older)), Write(s_log.Checkpoint(s_log.Size)));
        var proof = await ConsistencyProof.ProveAsync(older, s_log.Size, s_log.Nodes);
        await go.HoldsAsync("consistency", before, after, SampleLog.Vkey, Hashes(proof));
        await go.FailsAsync(
            "a fork", "consistency", Write(SampleLog.Sign(s_log.Tree(older) with { Root = new byte[32] })), after, SampleLog.Vkey,
            Hashes(proof));
        await go.FailsAsync("turned round", "consistency", after, before, SampleLog.Vkey, Hashes(proof));
        foreach (var (why, broken) in Broken(proof))
            await go.FailsAsync(why, "consistency", before, after, SampleLog.Vkey, Hashes(broken));
    }

    [SkippableFact]
    public async Task Tiles_and_bundles_give_the_checkpoints_root()
    {
        ForeignCheck.Required();
        s_log.WriteTiles(_folder);
        var checkpoint = Write(s_log.Checkpoint(s_log.Size));
        await go.HoldsAsync("tiles", checkpoint, SampleLog.Vkey, _folder);
        await go.FailsAsync(
            "a checkpoint of another tree", "tiles", Write(SampleLog.Sign(s_log.Tree(s_log.Size) with { Root = new byte[32] })),
            SampleLog.Vkey, _folder);
        foreach (var file in Directory.GetFiles(Path.Combine(_folder, "tile"), "*", SearchOption.AllDirectories))
        {
            var good = await File.ReadAllBytesAsync(file);
            await File.WriteAllBytesAsync(file, [.. good[..^1], (byte)(good[^1] ^ 1)]);
            await go.FailsAsync($"{file} changed", "tiles", checkpoint, SampleLog.Vkey, _folder);
            await File.WriteAllBytesAsync(file, good);
        }
        await go.HoldsAsync("tiles", checkpoint, SampleLog.Vkey, _folder);
    }

    [SkippableFact]
    public async Task A_conversations_proof_holds_and_no_changed_line_of_it_does()
    {
        ForeignCheck.Required();
        var deleted = Enumerable
            .Range(0, (int)s_log.Size)
            .First(index => Encoding.UTF8.GetString(s_log.Entry(index)).Contains("\"ordinal\":17}", StringComparison.Ordinal));
        var proof = await s_log.ConversationProofAsync(s_job, deleted, s_job.ConversationId(17), s_log.Size);
        var (code, said) = await go.RunAsync("tlog-proof", Write(proof), SampleLog.Vkey);
        Assert.True(code == 0 && said.Contains($"\"{s_job.ConversationId(17)}\"", StringComparison.Ordinal), said);
        await go.HoldsAsync("tlog-proof", Write(proof), SampleLog.Vkey, Write(s_log.Entry(deleted)));
        await go.FailsAsync(
            "another id", "tlog-proof", Write(await s_log.ConversationProofAsync(s_job, deleted, s_job.ConversationId(18), s_log.Size)),
            SampleLog.Vkey);
        await go.FailsAsync("another entry", "tlog-proof", Write(proof), SampleLog.Vkey, Write(s_log.Entry(deleted + 1)));
        var witness = proof.Split('\n').Length - 2; // the program knows the log's key only: a witness's line is another's
        var again = $"line {witness} twice"; // the log's own signature, which says nothing new: a note may carry it twice
        var brokenOnes = BrokenLines.Of(proof, except: witness).Where(broken => broken.Why != again).ToList();
        var judged = await go.EachAsync(SampleLog.Vkey, brokenOnes.Select(broken => broken.Text), ForeignCheck.ConversationProof);
        foreach (var ((why, _), (itsCode, itsWords)) in brokenOnes.Zip(judged))
            ForeignCheck.Failed(why, itsCode, itsWords);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The job's events in three runs, and others.</summary>
    private static SampleLog Log()
    {
        var log = new SampleLog();
        log.AddNoise(3);
        log.Add(s_job, 0, 3);
        log.AddNoise(1);
        log.Add(s_job, 3, 250);
        log.AddNoise(30);
        log.Add(s_job, 250);
        return log;
    }

    private static IEnumerable<(string Why, IReadOnlyList<byte[]> Hashes)> Broken(IReadOnlyList<byte[]> proof)
    {
        yield return ("a hash too many", [.. proof, new byte[32]]);
        yield return ("the last hash missing", [.. proof.SkipLast(1)]);
        yield return ("the first hash changed", [[.. proof[0][..31], (byte)(proof[0][31] ^ 1)], .. proof.Skip(1)]);
        if (proof.Count > 1)
            yield return ("two hashes swapped", [proof[1], proof[0], .. proof.Skip(2)]);
    }

    private string Hashes(IEnumerable<byte[]> hashes) => Write(string.Concat(hashes.Select(hash => Convert.ToBase64String(hash) + "\n")));

    private string Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    private string Write(byte[] bytes)
    {
        var file = Path.Combine(_folder, $"{Directory.GetFiles(_folder).Length}");
        File.WriteAllBytes(file, bytes);
        return file;
    }
}
