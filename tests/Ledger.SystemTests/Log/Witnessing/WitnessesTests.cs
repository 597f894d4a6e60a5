using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Log;
using Ledger.Log.Cosigning;

namespace Ledger.SystemTests.Log.Witnessing;

/// <summary>
/// The log's side: what is cosigned, and what is told where it is not. "With a quorum of two of three witnesses and one down, proofs carry
/// the two cosignatures."
/// </summary>
public sealed class WitnessesTests : IAsyncLifetime
{
    private readonly WitnessedLog _log = new();
    private TestWitness[] _witnesses = [];

    public async Task InitializeAsync() =>
        _witnesses = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => TestWitness.StartAsync(_log.Key)));

    public async Task DisposeAsync()
    {
        foreach (var witness in _witnesses)
            await witness.DisposeAsync();
    }

    [Fact]
    public async Task With_all_up_a_note_gets_every_cosignature_once_behind_what_it_was()
    {
        using var witnesses = Witnesses(Policy(2));
        foreach (var size in new[] { 1, 5, 5, 6, 300 })
        {
            var note = Note(size);
            var cosigned = await AskAsync(witnesses, size, note);
            Assert.Equal((true, null), (cosigned.QuorumMet, cosigned.Problem));
            Assert.StartsWith(note, cosigned.Note, StringComparison.Ordinal);
            Assert.Equal(["w0", "w1", "w2"], Names(cosigned));
            // Asked again with what is known, nobody is asked and nothing added.
            Assert.Equal(cosigned, await AskAsync(witnesses, size, cosigned.Note));
        }
    }

    [Fact]
    public async Task With_one_of_three_down_the_note_carries_the_two_and_it_is_told_who_is_down()
    {
        await _witnesses[1].StopAsync();
        using var witnesses = Witnesses(Policy(2));
        var cosigned = await AskAsync(witnesses, 5);
        Assert.True(cosigned.QuorumMet);
        Assert.Equal(["w0", "w2"], Names(cosigned));
        Assert.Matches("^the quorum of witnesses is met, but witness w1 cannot be reached \\(.+\\)$", cosigned.Problem!);
        // It comes back, and is asked for what it missed.
        await _witnesses[1].StartAsync();
        Assert.Equal(["w0", "w1", "w2"], Names(await AskAsync(witnesses, 9, cosigned: null)));
    }

    [Fact]
    public async Task Below_the_quorum_it_is_told_which_witness_failed_with_what_and_a_witness_that_returns_completes_it()
    {
        await _witnesses[0].StopAsync();
        await _witnesses[1].StopAsync();
        using var witnesses = Witnesses(Policy(2));
        var cosigned = await AskAsync(witnesses, 5);
        Assert.False(cosigned.QuorumMet);
        Assert.Equal(["w2"], Names(cosigned));
        Assert.Matches(
            "^1 of 3 witnesses cosigned, and the policy needs 2 of \\(w0, w1, w2\\): witness w0 cannot be reached \\(.+\\); witness w1 "
            + "cannot be reached",
            cosigned.Problem!);
        await _witnesses[0].StartAsync();
        var completed = await AskAsync(witnesses, 5, cosigned.Note);
        Assert.True(completed.QuorumMet);
        Assert.StartsWith(cosigned.Note, completed.Note, StringComparison.Ordinal);
        Assert.Equal(["w0", "w2"], Names(completed));
    }

    [Fact]
    public async Task What_a_witness_knows_is_learnt_from_it_after_a_restart_of_either()
    {
        using (var before = Witnesses(Policy(3)))
            Assert.True((await AskAsync(before, 7)).QuorumMet);
        using var witnesses = Witnesses(Policy(3)); // It knows nothing of them.
        Assert.True((await AskAsync(witnesses, 12)).QuorumMet);
        // A witness is ahead of what is remembered of it: another node of this log was there.
        Assert.Equal(HttpStatusCode.OK, (await _witnesses[0].AddAsync(await _log.RequestAsync(12, 15))).Status);
        Assert.True((await AskAsync(witnesses, 20)).QuorumMet);
    }

    [Fact]
    public async Task A_witness_that_was_shown_another_tree_refuses_and_says_so_and_keeps_its_state()
    {
        Assert.Equal(HttpStatusCode.OK, (await _witnesses[0].AddAsync(await _log.RequestAsync(0, 8, "fork"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await _witnesses[1].AddAsync(await _log.RequestAsync(0, 6, "fork"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await _witnesses[2].AddAsync(await _log.RequestAsync(0, 9))).Status);
        using var witnesses = Witnesses(Policy(2));
        var cosigned = await AskAsync(witnesses, 8);
        Assert.False(cosigned.QuorumMet);
        Assert.Empty(Names(cosigned));
        Assert.Contains(
            "witness w0 has cosigned another tree, which this one does not begin with (422)", cosigned.Problem, StringComparison.Ordinal);
        Assert.Contains(
            "witness w1 has cosigned another tree, which this one does not begin with (422)", cosigned.Problem, StringComparison.Ordinal);
        Assert.Contains(
            "witness w2 has cosigned a tree of 9 leaves already, and this checkpoint has 8. If that stays so, the log was rolled back",
            cosigned.Problem, StringComparison.Ordinal);
        Assert.Equal(WitnessedLog.Checkpoint(8, "fork"), Checkpoint.Parse((await _witnesses[0].LatestAsync())!.Text));
        Assert.Equal(WitnessedLog.Checkpoint(6, "fork"), Checkpoint.Parse((await _witnesses[1].LatestAsync())!.Text));
    }

    [Fact]
    public async Task A_witness_that_never_answers_costs_the_grace_and_no_more()
    {
        using var silent = Silent(out var address);
        using var witnesses = Witnesses(
            Policy(3, address), new WitnessOptions { Timeout = TimeSpan.FromMinutes(5), Grace = TimeSpan.FromMilliseconds(100) });
        var started = Stopwatch.StartNew();
        var cosigned = await AskAsync(witnesses, 5);
        Assert.InRange(started.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.True(cosigned.QuorumMet);
        Assert.Equal(["w0", "w1", "w2"], Names(cosigned));
        Assert.Equal("the quorum of witnesses is met, but witness silent has not answered in time", cosigned.Problem);
    }

    [Fact]
    public async Task Below_the_quorum_a_witness_that_never_answers_is_given_up_at_the_timeout()
    {
        using var silent = Silent(out var address);
        using var witnesses = Witnesses(Policy(4, address), new WitnessOptions { Timeout = TimeSpan.FromMilliseconds(1_500) });
        var cosigned = await AskAsync(witnesses, 5);
        Assert.False(cosigned.QuorumMet);
        Assert.Equal(["w0", "w1", "w2"], Names(cosigned));
        Assert.Equal(
            "3 of 4 witnesses cosigned, and the policy needs all of (w0, w1, w2, silent): witness silent has not answered in time",
            cosigned.Problem);
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            witnesses.CosignAsync(WitnessedLog.Checkpoint(6), Note(6), stopped.Token)
        );
    }

    [Fact]
    public async Task Who_answers_in_a_witnesss_name_without_its_key_does_not_count()
    {
        var stranger = await TestWitness.StartAsync(_log.Key);
        await using var disposing = stranger;
        using var witnesses = Witnesses(Policy(1, stranger.Address, only: true));
        var cosigned = await AskAsync(witnesses, 5);
        Assert.Equal((false, Note(5)), (cosigned.QuorumMet, cosigned.Note));
        Assert.Contains(
            "witness silent answers with something else than a cosignature by its key", cosigned.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_witness_that_does_not_know_the_log_or_not_its_key_says_so()
    {
        await using var unknowing = await TestWitness.StartAsync(
            new NoteSigner("other.example", NoteKeyType.Ed25519, new byte[32]).Verifier);
        await using var distrusting = await TestWitness.StartAsync(
            new NoteSigner(_log.Key.Name, NoteKeyType.Ed25519, new byte[32]).Verifier);
        (_witnesses[0], _witnesses[1], var kept) = (unknowing, distrusting, (_witnesses[0], _witnesses[1]));
        using var witnesses = Witnesses(Policy(2));
        var cosigned = await AskAsync(witnesses, 5);
        (_witnesses[0], _witnesses[1]) = kept;
        Assert.Contains(
            "witness w0 does not know this log: it must be given the log's key (404); witness w1 trusts another key for this log than "
            + "the one that signs (403)",
            cosigned.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_for_another_log_is_never_met()
    {
        var other = new NoteSigner("other.example", NoteKeyType.Ed25519, new byte[32]).Verifier;
        var policy = Parse($"log {other}\n{Lines}quorum w0\n");
        using var witnesses = Witnesses(policy);
        var cosigned = await AskAsync(witnesses, 5);
        Assert.Equal((false, Note(5)), (cosigned.QuorumMet, cosigned.Note));
        Assert.Contains("is not signed by a log of the policy", cosigned.Problem, StringComparison.Ordinal);
        Assert.Contains($"log {_log.Key}", Ledger.Log.Cosigning.Witnesses.Problem(policy, _log.Key), StringComparison.Ordinal);
        Assert.Null(Ledger.Log.Cosigning.Witnesses.Problem(Parse($"log {_log.Key}\nquorum none\n"), _log.Key));
        Assert.Null(Ledger.Log.Cosigning.Witnesses.Problem(Policy(2), _log.Key));
    }

    [Fact]
    public async Task Hashes_that_cannot_be_read_are_told_and_end_nothing_else()
    {
        Assert.Equal(HttpStatusCode.OK, (await _witnesses[0].AddAsync(await _log.RequestAsync(0, 3))).Status);
        using var witnesses = new Witnesses(
            Policy(3), (nodes, _) => nodes.Count == 0 ? new([]) : throw new TimeoutException(), TimeProvider.System);
        var cosigned = await AskAsync(witnesses, 5);
        Assert.Equal(["w1", "w2"], Names(cosigned));
        Assert.Contains(
            "witness w0 could not be asked: the log's stored hashes could not be read (TimeoutException)", cosigned.Problem,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("w0.example")]
    [InlineData("ftp://w0.example")]
    [InlineData("https://w0.example/?a=b")]
    public void A_policy_whose_witnesses_cannot_be_asked_is_refused_at_the_start(string address)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, $"witness w0 {_witnesses[0].Key.Verifier} {address}\nquorum w0\n");
        var refused = Assert.Throws<WitnessException>(() => Ledger.Log.Cosigning.Witnesses.ReadPolicy(file));
        Assert.Contains("the witness w0 needs its address", refused.Message, StringComparison.Ordinal);
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    private string Lines => string.Concat(_witnesses.Select((witness, i) => $"witness w{i} {witness.Key.Verifier} {witness.Address}\n"));

    /// <summary>The three (unless <paramref name="only"/>), and perhaps one more, <c>silent</c>, of which so many are a quorum.</summary>
    private Policy Policy(int needed, string? silent = null, bool only = false)
    {
        var key = new NoteSigner("silent.example", NoteKeyType.Cosignature, new byte[32]).Verifier;
        string[] names = [.. only ? [] : (string[])["w0", "w1", "w2"], .. silent is null ? [] : (string[])["silent"]];
        return Parse(
            $"{(only ? "" : Lines)}{(silent is null ? "" : $"witness silent {key} {silent}\n")}group g {needed} "
            + $"{string.Join(' ', names)}\nquorum g\n"
        );
    }

    private static Policy Parse(string text) => Contracts.Transparency.Policy.Parse(Encoding.UTF8.GetBytes(text));

    private static Witnesses Witnesses(Policy policy, WitnessOptions? options = null) =>
        new(
            policy, WitnessedLog.Tree(300).Nodes, TimeProvider.System,
            options ?? new WitnessOptions { Timeout = TimeSpan.FromSeconds(30), Grace = TimeSpan.FromSeconds(10) });

    private string Note(int size) => _log.Sign(WitnessedLog.Checkpoint(size)).ToString();

    private Task<CosignedNote> AskAsync(Witnesses witnesses, int size, string? cosigned = null) =>
        witnesses.CosignAsync(WitnessedLog.Checkpoint(size), cosigned ?? Note(size), CancellationToken.None);

    /// <summary>Who cosigned, by the names of the policy of the three.</summary>
    private string[] Names(CosignedNote cosigned)
    {
        var note = SignedNote.Parse(cosigned.Note);
        Assert.Equal(note.Signatures.Count, note.Signatures.Select(signature => signature.KeyId).Distinct().Count());
        return [.. Parse($"log {_log.Key}\n{Lines}quorum none\n").Evaluate(note).Witnesses.Select(one => one.Witness.Name)];
    }

    /// <summary>Takes connections and says nothing.</summary>
    private static TcpListener Silent(out string address)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        address = $"http://{listener.LocalEndpoint}";
        return listener;
    }
}
