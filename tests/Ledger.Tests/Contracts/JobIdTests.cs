using Ledger.Contracts.Jobs;

namespace Ledger.Tests.Contracts;

public sealed class JobIdTests
{
    private static readonly byte[] s_secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Theory] // computed with another program: Python's hmac, hashlib and uuid
    [InlineData("st-1", "key-1", "cdj-92cf12de-23d7-5a44-be8b-50847946a355")]
    [InlineData("st-1", "key-2", "cdj-aedc1fa6-d064-59d5-82ad-2c18e000113c")]
    [InlineData("st-2", "key-1", "cdj-79b5e3e7-7a98-5b0e-ab0a-5272d4824727")]
    [InlineData("бот", "k", "cdj-4d87031e-befd-5aa3-988f-4caff911d8b0")]
    public void An_id_follows_from_secret_bot_and_key(string bot, string key, string id) =>
        Assert.Equal(id, JobId.FromIdempotencyKey(s_secret, bot, key).ToString());

    [Fact]
    public void No_other_split_of_the_same_characters_gives_the_same_id() =>
        Assert.NotEqual(JobId.FromIdempotencyKey(s_secret, "ab", "c"), JobId.FromIdempotencyKey(s_secret, "a", "bc"));

    [Fact]
    public void Another_secret_gives_another_id() =>
        Assert.NotEqual(JobId.FromIdempotencyKey(s_secret, "a", "b"), JobId.FromIdempotencyKey([.. s_secret.Reverse()], "a", "b"));

    [Fact]
    public void Every_id_is_a_version_5_UUID_of_the_RFCs_variant_and_reads_back()
    {
        for (var i = 0; i < 500; i++)
        {
            var id = JobId.FromIdempotencyKey(s_secret, "bot", $"{i}");
            Assert.Equal((5, 2), (id.Value.Version, id.Value.Variant >> 2)); // variant 10xx
            Assert.True(JobId.TryParse(id.ToString(), out var read));
            Assert.Equal(id, read);
        }
    }

    [Fact]
    public void Randomness_gives_its_UUID_and_must_be_enough()
    {
        Assert.Equal("cdj-0cf95022-8530-561e-a254-4410488ef098", JobId.FromRandomness(s_secret).ToString());
        Assert.Throws<ArgumentException>(() => JobId.FromRandomness(s_secret.AsSpan(1)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("92cf12de-23d7-5a44-be8b-50847946a355")]
    [InlineData("cdj-92CF12DE-23d7-5a44-be8b-50847946a355")]
    [InlineData("CDJ-92cf12de-23d7-5a44-be8b-50847946a355")]
    [InlineData("cdj-92cf12de-23d7-4a44-be8b-50847946a355")] // version 4
    [InlineData("cdj-92cf12de23d75a44be8b50847946a355")]
    [InlineData("cdj-{92cf12de-23d7-5a44-be8b-50847946a355}")]
    [InlineData("cdj-92cf12de-23d7-5a44-be8b-50847946a355 ")]
    [InlineData(" cdj-92cf12de-23d7-5a44-be8b-50847946a355")]
    [InlineData("cdj-92cf12de-23d7-5a44-be8b-50847946a35")]
    [InlineData("cdj-e8c0d360-6b5b-50ab-bda1-ae54b18xxxxx")]
    public void Anything_else_is_not_a_job_id(string? text) => Assert.False(JobId.TryParse(text, out _));

    [Fact] // RFC 9562, appendix A.4
    public void Named_UUIDs_are_the_RFCs() =>
        Assert.Equal(
            new Guid("2ed6657d-e927-568b-95e1-2665a8aea6a2"),
            Ledger.Contracts.NamedUuid.Create(new Guid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com"));
}
