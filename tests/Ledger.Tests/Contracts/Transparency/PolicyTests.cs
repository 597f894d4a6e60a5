using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>c2sp.org/tlog-policy, rule by rule.</summary>
public sealed class PolicyTests
{
    private static readonly NoteSigner[] s_keys = [.. Enumerable.Range(0, 70).Select(i => Signer($"w{i}.example", i))];
    private static readonly Config s_many = Config.QuickThrowOnFailure.WithMaxTest(3_000);

    private static NoteSigner Signer(string name, int seed, NoteKeyType type = NoteKeyType.Cosignature) =>
        new(name, type, [.. Enumerable.Repeat((byte)seed, 32)]);

    private static string Vkey(int witness) => s_keys[witness].Verifier.ToString();

    private static Policy Parse(string text) => Policy.Parse(Encoding.UTF8.GetBytes(text));

    /// <summary>The specification's example, its comment and white space bent as far as it allows.</summary>
    private static string Example => $"""
        # log and witnesses
        log {GoldenLog.Vkey} https://log.example/

        {"\t"}witness X1 {Vkey(1)}
        witness X2{"\t "}{Vkey(2)}{"  "}
        witness X3 {Vkey(3)} https://x3.example/witness
          # comment
        group X-witnesses 2 X1 X2 X3
        witness Y1 {Vkey(4)}
        witness Y2 {Vkey(5)}
        witness Y3 {Vkey(6)}
        group Y-witnesses any Y1 Y2 Y3
        group X-and-Y all X-witnesses Y-witnesses
        quorum X-and-Y

        """;

    [Theory]
    [InlineData("X1 X2 Y3", true)]
    [InlineData("X1 X2 X3 Y1 Y2 Y3", true)]
    [InlineData("X1 Y1 Y2 Y3", false)]
    [InlineData("X1 X2 X3", false)]
    [InlineData("", false)]
    [InlineData("X-witnesses Y-witnesses X-and-Y", false)]
    public void The_specifications_example_needs_two_of_one_group_and_one_of_the_other(string witnesses, bool isQuorum)
    {
        var policy = Parse(Example);
        Assert.Equal(isQuorum, policy.IsQuorum(witnesses.Split(' ').ToHashSet()));
        Assert.Equal("all of (2 of (X1, X2, X3), 1 of (Y1, Y2, Y3))", policy.DescribeQuorum());
        Assert.Equal((GoldenLog.Vkey, "https://log.example/"), (policy.Logs.Single().Key.ToString(), policy.Logs.Single().Url));
        Assert.Equal(["X1", "X2", "X3", "Y1", "Y2", "Y3"], policy.Witnesses.Select(witness => witness.Name));
        Assert.Equal([null, null, "https://x3.example/witness", null, null, null], policy.Witnesses.Select(witness => witness.Url));
        Assert.Equal("X-and-Y", policy.Quorum);
    }

    [Fact]
    public void A_policy_of_one_line_needs_no_cosignature()
    {
        var policy = Parse("quorum none\n");
        Assert.True(policy.IsQuorum(new HashSet<string>()));
        Assert.Equal("no cosignature", policy.DescribeQuorum());
        Assert.Empty(policy.Logs);
    }

    [Fact]
    public void Names_are_compared_byte_for_byte()
    {
        var policy = Parse($"witness K {Vkey(1)}\nwitness \u212a {Vkey(2)}\nwitness \u00a0 {Vkey(3)}\nquorum \u212a\n");
        Assert.False(policy.IsQuorum(new HashSet<string> { "K" }));
        Assert.True(policy.IsQuorum(new HashSet<string> { "\u212a" }));
    }

    public static TheoryData<string, string> Refused()
    {
        var (log, w1, w2) = ($"log {GoldenLog.Vkey}", $"witness w1 {Vkey(1)}", $"witness w2 {Vkey(2)}");
        return new()
        {
            { "", "no quorum line" },
            { $"{w1}\n", "no quorum line" },
            { "quorum none", "line 1: the line does not end with a newline" },
            { "quorum none\nquorum none\n", "line 2: a second quorum" },
            { "\n\nquorum w1\n", "line 3: 'w1' is neither" },
            { $"quorum w1\n{w1}\n", "line 1: 'w1' is neither" },
            { $"{w1}\n{w1}\nquorum w1\n", "line 2: a second witness with the public key" },
            { $"{w1}\nwitness other {Signer("another.example", 1).Verifier}\nquorum w1\n", "line 2: a second witness with the public key" },
            { $"{w1}\nwitness w1 {Vkey(2)}\nquorum w1\n", "line 2: 'w1' is defined already" },
            { $"{w1}\ngroup w1 all w1\nquorum w1\n", "line 2: 'w1' is defined already" },
            { $"{log}\n{log} https://log.example\nquorum none\n", "line 2: a second log with the public key" },
            { $"witness none {Vkey(1)}\nquorum none\n", "line 1: 'none'" },
            { $"{w1}\ngroup none all w1\nquorum none\n", "line 2: 'none'" },
            { $"{w1}\ngroup g all none\nquorum g\n", "line 2: 'none' is neither" },
            { $"{w1}\ngroup g all g\nquorum g\n", "line 2: 'g' is neither" },
            { $"group a all b\ngroup b all a\nquorum a\n", "line 1: 'b' is neither" },
            { $"{w1}\n{w2}\ngroup g 1 w1 w1\nquorum g\n", "line 3: 'w1' is a member already" },
            { $"{w1}\n{w2}\ngroup g 1 w1 w2\ngroup h all g w1\nquorum h\n", "line 4: 'w1' is a member already" },
            { $"{w1}\n{w2}\ngroup g 3 w1 w2\nquorum g\n", "line 3: a group of 2 needs 1 to 2" },
            { $"{w1}\ngroup g 0 w1\nquorum g\n", "line 2: a group of 1 needs 1 to 1" },
            { $"{w1}\ngroup g 01 w1\nquorum g\n", "line 2: what a group needs" },
            { $"{w1}\ngroup g +1 w1\nquorum g\n", "line 2: what a group needs" },
            { $"{w1}\ngroup g most w1\nquorum g\n", "line 2: what a group needs" },
            { $"{w1}\ngroup g all\nquorum g\n", "line 2: a line is" },
            { $"{w1} https://x more\nquorum w1\n", "line 1: a line is" },
            { $"{log} https://x more\nquorum none\n", "line 1: a line is" },
            { "quorum\n", "line 1: a line is" },
            { "quorum none none\n", "line 1: a line is" },
            { "Quorum none\n", "line 1: a line is" },
            { "\ufeffquorum none\n", "line 1: a line is" },
            { "quorum none\r\n", "line 1: a control character" },
            { "quorum none\u007f\n", "line 1: a control character" },
            { "# \u0000\nquorum none\n", "line 1: a control character" },
            { $"log {Vkey(1)}\nquorum none\n", "line 1: the key of a log is of type 0x01, and this one of 0x04" },
            { $"witness w1 {GoldenLog.Vkey}\nquorum none\n", "line 1: the key of a witness is of type 0x04, and this one of 0x01" },
            { "witness w1 nonsense\nquorum none\n", "line 1: a vkey is" },
        };
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_wrong_is_refused_with_its_line(string text, string message) =>
        Assert.StartsWith(
            message, Assert.Throws<FormatException>(() => Parse(text)).Message.Replace("the policy has ", "", StringComparison.Ordinal),
            StringComparison.Ordinal);

    [Fact]
    public void A_comment_may_have_any_octet_and_a_name_must_be_UTF8()
    {
        Policy.Parse([.. "# "u8, 0xff, 0x80, .. "\nquorum none\n"u8]);
        Assert.StartsWith(
            "line 1: not UTF-8", Assert.Throws<FormatException>(() => Policy.Parse([.. "quorum "u8, 0xff, .. "\n"u8])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Sixty_four_of_each_are_read_and_one_more_is_refused()
    {
        string Lines(int logs, int witnesses, int groups) => string.Concat(
            Enumerable.Range(0, logs).Select(i => $"log {Signer("log.example", i, NoteKeyType.Ed25519).Verifier}\n")
            .Concat(Enumerable.Range(0, witnesses).Select(i => $"witness w{i} {Vkey(i)}\n"))
            .Concat(Enumerable.Range(0, groups).Select(i => i == 0 ? "group g0 all w0\n" : $"group g{i} all g{i - 1}\n"))) + "quorum g63\n";
        var policy = Parse(Lines(64, 64, 64));
        Assert.True(policy.IsQuorum(new HashSet<string> { "w0" }));
        Assert.False(policy.IsQuorum(new HashSet<string> { "w1" }));
        Assert.Contains(
            "at most 64 lines 'log'", Assert.Throws<FormatException>(() => Parse(Lines(65, 64, 64))).Message, StringComparison.Ordinal);
        Assert.Contains(
            "at most 64 lines 'witness'", Assert.Throws<FormatException>(() => Parse(Lines(64, 65, 64))).Message, StringComparison.Ordinal);
        Assert.Contains(
            "at most 64 groups", Assert.Throws<FormatException>(() => Parse(Lines(64, 64, 65))).Message, StringComparison.Ordinal);
        Assert.Contains(
            "bytes", Assert.Throws<FormatException>(() => Policy.Parse(new byte[Policy.MaxBytes + 1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoints_witnesses_are_told_with_their_instants()
    {
        var policy = Parse(Example);
        var note = SignedNote.Parse(GoldenLog.Checkpoint15);
        Assert.Equal((0, false), (policy.Evaluate(note).Witnesses.Count, policy.Evaluate(note).IsQuorumMet));
        note = note.With(s_keys[6].Cosign(note.Text, 1679315149))
            .With(s_keys[60].Cosign(note.Text, 1))
            .With(s_keys[1].Cosign(note.Text, 1679315147))
            .With(s_keys[1].Cosign(note.Text, 1679315148));
        var verdict = policy.Evaluate(note);
        Assert.Equal(
            [("X1", 1679315147L), ("Y3", 1679315149L)], verdict.Witnesses.Select(one => (one.Witness.Name, one.At.ToUnixTimeSeconds())));
        Assert.False(verdict.IsQuorumMet);
        Assert.Equal(GoldenLog.Vkey, verdict.Log!.Key.ToString());
        Assert.True(policy.Evaluate(note.With(s_keys[3].Cosign(note.Text, 0))).IsQuorumMet);
    }

    [Fact]
    public void A_checkpoint_of_another_log_or_with_a_false_cosignature_is_refused()
    {
        var note = SignedNote.Parse(GoldenLog.Checkpoint15);
        var other = new NoteSigner("example.com/log/testdata", NoteKeyType.Ed25519, new byte[32]);
        Assert.Throws<InvalidProofException>(() => Parse($"log {other.Verifier}\nquorum none\n").Evaluate(note));
        Assert.Null(Parse("quorum none\n").Evaluate(note).Log);
        var cosignature = s_keys[1].Cosign(note.Text, 7);
        cosignature.Bytes[^1] ^= 1;
        Assert.Throws<InvalidProofException>(() => Parse(Example).Evaluate(note.With(cosignature)));
        // The log's key in a witness's name says nothing of the witness.
        Assert.Empty(Parse(Example).Evaluate(note.With(s_keys[60].Cosign(note.Text, 7))).Witnesses);
    }

    [Fact]
    public void Whatever_a_file_holds_reading_it_gives_a_policy_or_a_FormatException()
    {
        Prop.ForAll<byte[]>(bytes => IsJudged(bytes)).Check(s_many);
        var lines = Gen.Elements(
            $"log {GoldenLog.Vkey}",
            $"witness w1 {Vkey(1)}",
            $"witness w2 {Vkey(2)} https://x",
            "group g 1 w1 w2",
            "group h all g",
            "group i any w1",
            "quorum g",
            "quorum none",
            "quorum h",
            "",
            " # x",
            "group",
            "\t",
            "witness w3"
        );
        var texts =
            from some in Gen.ListOf(lines)
            from end in Gen.Elements("\n", "\n", "\n", "")
            from cut in Gen.Choose(0, 400)
            let text = string.Join('\n', some) + end
            select cut < text.Length && cut % 3 == 0 ? text.Remove(cut, 1) : text;
        Prop.ForAll(texts.ToArbitrary(), text => IsJudged(Encoding.UTF8.GetBytes(text))).Check(s_many);
    }

    [Fact]
    public void A_threshold_is_met_exactly_by_that_many_of_its_members() =>
        Prop.ForAll(
                (
                    from members in Gen.Choose(1, 12)
                    from needed in Gen.Choose(1, members)
                    from cosigned in Gen.ListOf(Gen.Choose(0, 15))
                    select (members, needed, cosigned)
                ).ToArbitrary(),
                given =>
                {
                    var policy = Parse(
                        string.Concat(Enumerable.Range(0, 16).Select(i => $"witness w{i} {Vkey(i)}\n"))
                            + $"group g {given.needed} "
                            + $"{string.Join(' ', Enumerable.Range(0, given.members).Select(i => $"w{i}"))}\nquorum g\n"
                    );
                    var count = given.cosigned.Distinct().Count(i => i < given.members);
                    Assert.Equal(count >= given.needed, policy.IsQuorum(given.cosigned.Select(i => $"w{i}").ToHashSet()));
                }
            )
            .Check(s_many);

    private static bool IsJudged(byte[] file)
    {
        try
        {
            var policy = Policy.Parse(file);
            policy.IsQuorum(new HashSet<string>());
            return policy.DescribeQuorum().Length > 0;
        }
        catch (FormatException e)
        {
            return e.Message.Length > 0;
        }
    }
}
