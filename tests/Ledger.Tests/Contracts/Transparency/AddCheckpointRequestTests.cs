using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>c2sp.org/tlog-witness v1.0.0, the body of add-checkpoint.</summary>
public sealed class AddCheckpointRequestTests
{
    /// <summary>From 10 to 15 leaves of the public test log.</summary>
    private const string Golden =
        "old 10\n+aOLtO2sRhNENZkJokiDScXfm3SIduSzvll41DTaUUI=\nUaHiSrgbkmaCsusBntn9ux0S2PsqH1y6DHQAxe6wrPg=\nOy+stN8Ie64lJ90ILA9yEeOWSzBgC+6RjoKksiWsR7Y=\nbC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY=\n\n"
        + GoldenLog.Checkpoint15;

    private static readonly string s_hash = Convert.ToBase64String(new byte[32]);
    private static readonly Config s_many = Config.QuickThrowOnFailure.WithMaxTest(3_000);

    private static AddCheckpointRequest Parse(string body) => AddCheckpointRequest.Parse(Encoding.UTF8.GetBytes(body));

    [Fact]
    public void The_test_logs_growth_from_10_to_15_is_read_holds_and_is_written_again()
    {
        var request = Parse(Golden);
        Assert.Equal((10, 4, 15), (request.OldSize, request.Proof.Count, request.Checkpoint.Size));
        Assert.True(
            ConsistencyProof.Check(
                10, 15, Convert.FromBase64String("y8/gZsZCtitsMan09tY+k8I7Qpr7Y5fbO2tLi9GQnfU="), request.Checkpoint.Root, request.Proof)
        );
        Assert.Equal(Golden, request.ToString());
    }

    [Fact]
    public void Sixty_three_hashes_are_read_and_one_more_is_refused()
    {
        string Body(int hashes) =>
            $"old 9007199254740991\n{string.Concat(Enumerable.Repeat(s_hash + "\n", hashes))}\n{GoldenLog.Checkpoint15}";
        Assert.Equal(63, Parse(Body(63)).Proof.Count);
        Assert.Equal("a proof has at most 63 hashes", Assert.Throws<FormatException>(() => Parse(Body(64))).Message);
        Assert.Contains(
            "bytes", Assert.Throws<FormatException>(() => AddCheckpointRequest.Parse(new byte[AddCheckpointRequest.MaxBytes + 1])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_no_leaves_may_have_any_root_here_because_a_witness_answers_that_with_another_status()
    {
        var text = new Checkpoint("log.example", 0, new byte[32]).Text;
        Assert.Equal(
            0, Parse(new AddCheckpointRequest(0, [], new SignedNote(text, [GoldenLog.Signer.Sign(text)])).ToString()).Checkpoint.Size);
        Assert.Throws<FormatException>(() => Checkpoint.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("old 0\n")]
    [InlineData("old 0\n\n")]
    [InlineData("old \n\nCHECKPOINT")]
    [InlineData("old 01\n\nCHECKPOINT")]
    [InlineData("old +1\n\nCHECKPOINT")]
    [InlineData("old -1\n\nCHECKPOINT")]
    [InlineData("old 9007199254740992\n\nCHECKPOINT")]
    [InlineData("old 1 \n\nCHECKPOINT")]
    [InlineData("old  1\n\nCHECKPOINT")]
    [InlineData("Old 1\n\nCHECKPOINT")]
    [InlineData(" old 1\n\nCHECKPOINT")]
    [InlineData("old 1\r\n\r\nCHECKPOINT")]
    [InlineData("old 1\nAAAA\n\nCHECKPOINT")]
    [InlineData("old 1\nHASH HASH\n\nCHECKPOINT")]
    [InlineData("old 1\n HASH\n\nCHECKPOINT")]
    [InlineData("old 1\nHASH\nCHECKPOINT")]
    [InlineData("old 1\n\n\nCHECKPOINT")]
    [InlineData("CHECKPOINT")]
    public void Any_other_form_is_refused(string body) =>
        Assert.Throws<FormatException>(() =>
            Parse(
                body.Replace("CHECKPOINT", GoldenLog.Checkpoint15, StringComparison.Ordinal)
                    .Replace("HASH", s_hash, StringComparison.Ordinal)
            )
        );

    [Fact]
    public void A_note_that_is_no_checkpoint_is_refused() =>
        Assert.Throws<FormatException>(() =>
            Parse("old 0\n\n" + GoldenLog.Checkpoint15.Replace("15\n", "fifteen\n", StringComparison.Ordinal))
        );

    [Fact]
    public void Whatever_a_body_holds_reading_it_gives_the_request_that_it_writes_or_a_FormatException()
    {
        Prop.ForAll<byte[]>(body => IsJudged(body)).Check(s_many);
        var changed =
            from at in Gen.Choose(0, Encoding.UTF8.GetByteCount(Golden) - 1)
            from octet in Gen.Choose(0, 255)
            from how in Gen.Choose(0, 2)
            select Changed(at, (byte)octet, how);
        Prop.ForAll(changed.ToArbitrary(), body => IsJudged(body)).Check(s_many);
    }

    private static byte[] Changed(int at, byte octet, int how)
    {
        var body = Encoding.UTF8.GetBytes(Golden);
        return how switch
        {
            0 => [.. body[..at], octet, .. body[(at + 1)..]],
            1 => [.. body[..at], .. body[(at + 1)..]],
            _ => [.. body[..at], octet, .. body[at..]],
        };
    }

    private static bool IsJudged(byte[] body)
    {
        try
        {
            return Encoding.UTF8.GetBytes(AddCheckpointRequest.Parse(body).ToString()).AsSpan().SequenceEqual(body);
        }
        catch (FormatException e)
        {
            return e.Message.Length > 0;
        }
    }
}
