using System.Security.Cryptography;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Keys;

namespace Ledger.Tests.Keys;

public sealed class JobKeyTests
{
    private static readonly JobId s_job = JobId.FromRandomness(new byte[32]);
    private static readonly JobId s_otherJob = JobId.FromRandomness([.. Enumerable.Repeat((byte)1, 32)]);
    private static readonly byte[] s_bytes = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] s_otherBytes = [.. s_bytes.Reverse()];
    private static readonly JobKey s_key = new(s_job, s_bytes);

    [Fact]
    public void What_is_sealed_opens_again_and_is_never_sealed_alike_twice()
    {
        var sealedBytes = s_key.Seal(SealedKind.Manifest, 7, "secret"u8);
        Assert.Equal("secret"u8, s_key.Unseal(SealedKind.Manifest, 7, sealedBytes));
        Assert.NotEqual(sealedBytes, s_key.Seal(SealedKind.Manifest, 7, "secret"u8));
        Assert.Empty(s_key.Unseal(SealedKind.Request, 0, s_key.Seal(SealedKind.Request, 0, [])));
    }

    [Fact]
    public void A_row_cannot_pass_for_another()
    {
        var sealedBytes = s_key.Seal(SealedKind.Manifest, 7, "secret"u8);
        Assert.ThrowsAny<CryptographicException>(() => s_key.Unseal(SealedKind.Manifest, 8, sealedBytes));
        Assert.ThrowsAny<CryptographicException>(() => s_key.Unseal(SealedKind.Request, 7, sealedBytes));
        Assert.ThrowsAny<CryptographicException>(() => new JobKey(s_otherJob, s_bytes).Unseal(SealedKind.Manifest, 7, sealedBytes));
        Assert.ThrowsAny<CryptographicException>(() => new JobKey(s_job, s_otherBytes).Unseal(SealedKind.Manifest, 7, sealedBytes));
    }

    [Fact]
    public void Every_changed_bit_and_every_cut_is_noticed()
    {
        var sealedBytes = s_key.Seal(SealedKind.Manifest, 7, "secret"u8);
        for (var bit = 0; bit < 8 * sealedBytes.Length; bit++)
        {
            var changed = sealedBytes.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<CryptographicException>(() => s_key.Unseal(SealedKind.Manifest, 7, changed));
        }
        for (var length = 0; length < sealedBytes.Length; length++)
            Assert.ThrowsAny<CryptographicException>(() => s_key.Unseal(SealedKind.Manifest, 7, sealedBytes.AsSpan(0, length)));
    }

    [Fact]
    public void Digests_and_commitments_are_keyed()
    {
        var other = new JobKey(s_job, s_otherBytes);
        Assert.Equal(s_key.DigestRequest("request"u8), new JobKey(s_otherJob, s_bytes).DigestRequest("request"u8));
        Assert.NotEqual(s_key.DigestRequest("request"u8), other.DigestRequest("request"u8));
        Assert.NotEqual(s_key.DigestRequest("request"u8), s_key.DigestRequest("Request"u8));
        Assert.NotEqual(SHA256.HashData("request"u8), s_key.DigestRequest("request"u8));
        Assert.NotEqual(s_key.Commit(IdentifierKind.CId, "a"), other.Commit(IdentifierKind.CId, "a"));
        Assert.NotEqual(s_key.Commit(IdentifierKind.CId, "a"), s_key.Commit(IdentifierKind.Conversation, "a"));
        Assert.Equal(s_key.Commit(IdentifierKind.CId, "a"), new JobKey(s_job, s_bytes).Commit(IdentifierKind.CId, "a"));
    }

    [Fact] // computed with another program: HKDF-SHA-256 (RFC 5869) by hand from Python's hmac
    public void The_keys_derived_from_a_jobs_key_are_the_formats()
    {
        Assert.Equal(
            "b75f30dc9e75f81a9bd700069ccd60082df4c13ea93dcccb58cab89d02e31a5c", Convert.ToHexStringLower(s_key.DigestRequest("request"u8)));
        Assert.Equal(
            "d369bd8d89afaf2901bba7047940b62fd04e5ab68cd68bbe16da7a748c997720",
            Convert.ToHexStringLower(s_key.Commit(IdentifierKind.CId, "a")));
    }
}
