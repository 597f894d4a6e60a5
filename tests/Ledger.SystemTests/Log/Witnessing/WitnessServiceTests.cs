using System.Net;
using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Log.Cosigning;
using Ledger.Witnessing;

namespace Ledger.SystemTests.Log.Witnessing;

/// <summary>c2sp.org/tlog-witness v1.0.0, sentence by sentence, over real HTTP.</summary>
public sealed class WitnessServiceTests
{
    private readonly WitnessedLog _log = new();

    [Fact]
    public async Task A_growing_log_is_cosigned_step_by_step_and_monitors_see_the_last()
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        Assert.Null(await witness.LatestAsync());
        foreach (var (old, size) in new[] { (0, 0), (0, 3), (3, 3), (3, 4), (4, 15), (15, 300) })
        {
            var request = await _log.RequestAsync(old, size);
            witness.Cosigned(request, await witness.AddAsync(request));
            var latest = await witness.LatestAsync();
            Assert.Equal(WitnessedLog.Checkpoint(size), Checkpoint.Open(latest!, _log.Key));
            var cosignature = Assert.Single(latest!.SignedBy(witness.Key.Verifier)).Value;
            Assert.InRange(Cosignature.At(cosignature), TimeProvider.System.GetUtcNow().AddMinutes(-2), TimeProvider.System.GetUtcNow());
        }
    }

    [Fact]
    public async Task Another_old_size_than_the_last_is_answered_409_with_the_last()
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        Assert.Equal(
            new WitnessReplied(HttpStatusCode.Conflict, "text/x.tlog.size", "0\n"), await witness.AddAsync(await _log.RequestAsync(3, 5)));
        await CosignAsync(witness, 0, 7);
        foreach (var (old, size) in new[] { (0, 7), (0, 8), (3, 8), (6, 6), (8, 8), (8, 9) })
            Assert.Equal(
                new WitnessReplied(HttpStatusCode.Conflict, "text/x.tlog.size", "7\n"),
                await witness.AddAsync(await _log.RequestAsync(old, size)));
        await UnmovedAsync(witness, 7);
    }

    [Fact]
    public async Task Another_tree_is_refused_with_422_and_changes_nothing()
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        await CosignAsync(witness, 0, 7);
        var good = await _log.RequestAsync(7, 12);
        AddCheckpointRequest[] refused =
        [
            await _log.RequestAsync(7, 7, "fork"),
            await _log.RequestAsync(7, 12, "fork"),
            await _log.RequestAsync(7, 12, "fork", from: 6),
            good with { Note = _log.Sign(WitnessedLog.Checkpoint(12, "fork", from: 6)) },
            good with { Proof = [] },
            good with { Proof = [.. good.Proof.SkipLast(1)] },
            good with { Proof = [.. good.Proof, new byte[32]] },
            await _log.RequestAsync(7, 7) with { Proof = [new byte[32]] },
        ];
        foreach (var request in refused)
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await witness.AddAsync(request)).Status);
        await UnmovedAsync(witness, 7);
        witness.Cosigned(good, await witness.AddAsync(good));
    }

    [Fact]
    public async Task Without_an_older_tree_there_is_no_proof_and_no_leaves_have_the_empty_root()
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await witness.AddAsync(await _log.RequestAsync(0, 5) with { Proof = [new byte[32]] })).Status);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await witness.AddAsync(new AddCheckpointRequest(0, [], _log.Sign(new Checkpoint(_log.Key.Name, 0, new byte[32]))))).Status);
        Assert.Null(await witness.LatestAsync());
    }

    [Fact]
    public async Task Unknown_logs_foreign_signatures_and_impossible_sizes_are_told_apart()
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        var request = await _log.RequestAsync(0, 5);
        var other = new NoteSigner("other.example/log", NoteKeyType.Ed25519, new byte[32]);
        var text = new Checkpoint("other.example/log", 0, MerkleTree.EmptyRoot()).Text;
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await witness.AddAsync(new AddCheckpointRequest(0, [], new SignedNote(text, [other.Sign(text)])))).Status);
        var impostor = new NoteSigner(_log.Key.Name, NoteKeyType.Ed25519, new byte[32]);
        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await witness.AddAsync(request with { Note = new SignedNote(request.Note.Text, [impostor.Sign(request.Note.Text)]) })).Status);
        var damaged = request.Note.Signatures[0];
        Assert.Equal(
            HttpStatusCode.Forbidden,
            (
                await witness.AddAsync(request with { Note = new SignedNote(request.Note.Text, [damaged with { Bytes = new byte[64] }]) })
            ).Status
        );
        Assert.Equal(HttpStatusCode.BadRequest, (await witness.AddAsync(request with { OldSize = 6 })).Status);
        Assert.Null(await witness.LatestAsync());
        // A signature by a key that it does not know is ignored, and not kept.
        var signedTwice = request with { Note = request.Note.With(impostor.Sign(request.Note.Text)) };
        witness.Cosigned(signedTwice, await witness.AddAsync(signedTwice));
        Assert.Equal(
            [_log.Key.Name, witness.Key.Verifier.Name], (await witness.LatestAsync())!.Signatures.Select(signature => signature.Name));
    }

    [Fact]
    public async Task What_is_no_request_is_400_and_what_is_too_long_413()
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        var request = (await _log.RequestAsync(0, 5)).ToString();
        foreach (
            var body in new[]
            {
                "",
                "old\n",
                request[..^1],
                request.Replace("old 0", "old 00", StringComparison.Ordinal),
                request.Replace("\n5\n", "\n05\n", StringComparison.Ordinal),
            }
        )
            Assert.Equal(HttpStatusCode.BadRequest, (await witness.AddAsync(Encoding.UTF8.GetBytes(body))).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await witness.AddAsync(new byte[AddCheckpointRequest.MaxBytes + 1])).Status);
        Assert.Equal(
            HttpStatusCode.MethodNotAllowed, (await witness.Client.GetAsync(new Uri(witness.Address + "/add-checkpoint"))).StatusCode);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await witness.Client.GetAsync(new Uri($"{witness.Address}/{new string('0', 64)}/checkpoint"))).StatusCode);
        Assert.Null(await witness.LatestAsync());
    }

    [Fact]
    public async Task Of_concurrent_trees_that_all_follow_the_same_exactly_one_is_cosigned()
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        await CosignAsync(witness, 0, 4);
        for (var (round, size) = (0, 4); round < 10; round++)
        {
            // The specification's race, eight wide: forks and growth of different sizes, each right by itself.
            var requests = new List<AddCheckpointRequest>();
            for (var i = 0; i < 8; i++)
                requests.Add(await FollowAsync(witness, size, size + 1 + i % 3, $"{round}-{i}-"));
            var replies = await Task.WhenAll(requests.Select(witness.AddAsync));
            var winner = requests[Array.FindIndex(replies, reply => reply.Status == HttpStatusCode.OK)];
            Assert.Equal(1, replies.Count(reply => reply.Status == HttpStatusCode.OK));
            Assert.Equal(
                7,
                replies.Count(reply =>
                    reply == new WitnessReplied(HttpStatusCode.Conflict, "text/x.tlog.size", $"{winner.Checkpoint.Size}\n")
                )
            );
            Assert.Equal(winner.Checkpoint, Checkpoint.Parse((await witness.LatestAsync())!.Text));
            size = (int)winner.Checkpoint.Size;
            _branch = _tried[winner.Checkpoint.Text];
        }
    }

    [Fact]
    public async Task A_tree_that_comes_while_another_is_being_cosigned_waits_and_is_compared_with_that()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-witness-").FullName;
        var key = new NoteSigner("witness.example/race", NoteKeyType.Cosignature, new byte[32]);
        var (longer, shorter) = (await _log.RequestAsync(4, 9), await _log.RequestAsync(4, 6, "fork", from: 4));
        using (var state = WitnessState.Open(folder, key.Verifier))
        {
            // The clock is read when the first was compared and not yet remembered: there the second comes in.
            Task<WitnessAnswer>? second = null;
            Witness? witness = null;
            var isArmed = false;
            witness = new Witness(key, [_log.Key], state, new Interrupted(() =>
            {
                if (!isArmed)
                    return;
                isArmed = false;
                second = witness!.AddAsync(shorter, default);
            }));
            Assert.IsType<WitnessAnswer.Cosigned>(await witness.AddAsync(await _log.RequestAsync(0, 4), default));
            isArmed = true;
            Assert.IsType<WitnessAnswer.Cosigned>(await witness.AddAsync(longer, default));
            Assert.Equal(new WitnessAnswer.AnotherSize(9), await second!);
            Assert.Equal(longer.Checkpoint, Checkpoint.Parse(state.Latest(_log.Key.Name)!.Text));
        }
        Directory.Delete(folder, recursive: true);
    }

    private sealed class Interrupted(Action interruption) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow()
        {
            interruption();
            return base.GetUtcNow();
        }
    }

    private readonly Dictionary<string, IReadOnlyList<string>> _tried = [];
    private IReadOnlyList<string> _branch = ["0", "1", "2", "3"];

    /// <summary>What was cosigned so far, and further leaves of its own.</summary>
    private async Task<AddCheckpointRequest> FollowAsync(TestWitness witness, int old, int size, string own)
    {
        Assert.NotNull(await witness.LatestAsync());
        string[] leaves = [.. _branch, .. Enumerable.Range(old, size - old).Select(i => own + i)];
        var tree = Ledger.Tests.Contracts.Transparency.MemoryTree.Of(
            leaves.Select(leaf => MerkleTree.LeafHash(Encoding.UTF8.GetBytes(leaf))));
        var checkpoint = new Checkpoint(_log.Key.Name, size, tree.Root(0, size));
        _tried[checkpoint.Text] = leaves;
        return new AddCheckpointRequest(old, await ConsistencyProof.ProveAsync(old, size, tree.Nodes), _log.Sign(checkpoint));
    }

    [Fact]
    public async Task A_witness_that_is_started_again_goes_on_from_its_state_and_cannot_be_rolled_back()
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        await CosignAsync(witness, 0, 4);
        await CosignAsync(witness, 4, 9);
        await UnmovedAsync(witness, 9);
        await witness.StopAsync();
        await File.WriteAllTextAsync(witness.StateFile + ".new", "half of a wri"); // what a crash leaves
        await witness.StartAsync();
        await UnmovedAsync(witness, 9);
        Assert.Equal(
            new WitnessReplied(HttpStatusCode.Conflict, "text/x.tlog.size", "9\n"), await witness.AddAsync(await _log.RequestAsync(0, 5)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await witness.AddAsync(await _log.RequestAsync(9, 9, "fork"))).Status);
        await CosignAsync(witness, 9, 10);
    }

    [Fact]
    public async Task A_second_witness_on_the_same_state_does_not_start()
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        var refused = Assert.Throws<WitnessException>(() => WitnessState.Open(witness.State, witness.Key.Verifier));
        Assert.Contains("another process witnesses with the state", refused.Message, StringComparison.Ordinal);
        await CosignAsync(witness, 0, 1);
        await witness.StopAsync();
        using var state = WitnessState.Open(witness.State, witness.Key.Verifier);
        Assert.Equal([_log.Key.Name], state.Origins);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense\n")]
    [InlineData("another key")]
    [InlineData("another tree")]
    [InlineData("another log")]
    public async Task A_state_that_cannot_be_read_keeps_the_witness_from_starting(string damage)
    {
        await using var witness = await TestWitness.StartAsync(_log.Key);
        await CosignAsync(witness, 0, 6);
        await witness.StopAsync();
        var stranger = new NoteSigner(witness.Key.Verifier.Name, NoteKeyType.Cosignature, new byte[32]);
        var text = new Checkpoint("other.example", 6, new byte[32]).Text;
        await File.WriteAllTextAsync(witness.StateFile, damage switch
        {
            "another key" => _log.Sign(WitnessedLog.Checkpoint(6)).With(stranger.Cosign(WitnessedLog.Checkpoint(6).Text, 1)).ToString(),
            "another tree" => (await File.ReadAllTextAsync(witness.StateFile)).Replace("\n6\n", "\n5\n", StringComparison.Ordinal),
            "another log" => new SignedNote(text, [witness.Key.Cosign(text, 1)]).ToString(),
            _ => damage,
        });
        var refused = await Assert.ThrowsAsync<WitnessException>(witness.StartAsync);
        Assert.Contains("cannot be read as what this witness last cosigned", refused.Message, StringComparison.Ordinal);
        // And it let go of the folder: what is mended can be started.
        await File.WriteAllTextAsync(
            witness.StateFile,
            _log.Sign(WitnessedLog.Checkpoint(6)).With(witness.Key.Cosign(WitnessedLog.Checkpoint(6).Text, 1)).ToString());
        await witness.StartAsync();
        await UnmovedAsync(witness, 6);
    }

    [Fact]
    public async Task Two_keys_of_one_log_are_both_trusted()
    {
        var next = new NoteSigner(_log.Key.Name, NoteKeyType.Ed25519, new byte[32]);
        var folder = Directory.CreateTempSubdirectory("ledger-witness-").FullName;
        var key = new NoteSigner("witness.example/two", NoteKeyType.Cosignature, new byte[32]);
        using (var state = WitnessState.Open(folder, key.Verifier))
        {
            var witness = new Witness(key, [_log.Key, next.Verifier], state, TimeProvider.System);
            Assert.IsType<WitnessAnswer.Cosigned>(await witness.AddAsync(await _log.RequestAsync(0, 2), default));
            var request = await _log.RequestAsync(2, 3);
            Assert.IsType<WitnessAnswer.Cosigned>(
                await witness.AddAsync(request with { Note = new SignedNote(request.Note.Text, [next.Sign(request.Note.Text)]) }, default));
        }
        Directory.Delete(folder, recursive: true);
    }

    private async Task CosignAsync(TestWitness witness, int old, int size)
    {
        var request = await _log.RequestAsync(old, size);
        witness.Cosigned(request, await witness.AddAsync(request));
    }

    private static async Task UnmovedAsync(TestWitness witness, int size)
    {
        Assert.Equal(WitnessedLog.Checkpoint(size), Checkpoint.Parse((await witness.LatestAsync())!.Text));
        Assert.Equal(
            WitnessedLog.Checkpoint(size), Checkpoint.Parse(SignedNote.Parse(await File.ReadAllBytesAsync(witness.StateFile)).Text));
    }
}
