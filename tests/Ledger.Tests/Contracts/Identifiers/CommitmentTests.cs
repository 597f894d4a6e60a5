using Ledger.Contracts.Identifiers;

namespace Ledger.Tests.Contracts.Identifiers;

public sealed class CommitmentTests
{
    private static readonly byte[] s_saltKey = [.. Enumerable.Range(32, 32).Select(i => (byte)i)];

    [Theory] // computed with another program: Python's hmac and hashlib
    [InlineData(IdentifierKind.Conversation, "69eb0c87ec444445976aaaaa", "50b00ce483263b099b3bdd63003fb9ec39b03d757103b78ec23fe8da3ffa5474", "7f0264738dbcbdcbfa5c5817915605e3b871efdd0fa99baed14d91767ceeb601")]
    [InlineData(IdentifierKind.CId, "69eb0c87ec444445976aaaaa", "58d0ab1156ae374f1da7ff01fdc6730010c1acae8553c74372eab309e47baeab", "db23197a5094c58c26e8c9f9cefe96486ef26ff84ee4b24430bc5a48d0360218")]
    [InlineData(IdentifierKind.CId, "u-юзер-😀", "6d94724c7e1ac1bdab5e19db13a8cc5babcbdc3c9510094165e3759c6101eb45", "e9fd61bfd428b4861cf0d66cc88f77225c9227dae13af3786f92afc31884e7d9")]
    public void Salt_and_commitment_are_the_formats(IdentifierKind kind, string id, string salt, string commitment)
    {
        Assert.Equal(salt, Convert.ToHexStringLower(Commitment.Salt(s_saltKey, kind, id)));
        Assert.Equal(commitment, Convert.ToHexStringLower(Commitment.Of(Convert.FromHexString(salt), kind, id)));
    }

    [Fact]
    public void The_longest_identifier_has_one_and_a_longer_one_has_none()
    {
        var longest = new string('€', 128); // three bytes each
        Assert.Equal(
            "de9c5dab45fe5650193ad73822f61e61cde86ff7a753234196efec78fbeec09d",
            Convert.ToHexStringLower(Commitment.Salt(s_saltKey, IdentifierKind.Conversation, longest)));
        Assert.Equal(
            "5f7efccab42bfaf856f747fda2d8460587f31e17443dd59daf52d086a41534ee",
            Convert.ToHexStringLower(
                Commitment.Of(Commitment.Salt(s_saltKey, IdentifierKind.Conversation, longest), IdentifierKind.Conversation, longest))
        );
        Assert.Throws<ArgumentException>(() => Commitment.Salt(s_saltKey, IdentifierKind.Conversation, longest + "x"));
    }
}
