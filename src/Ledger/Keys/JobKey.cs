using System.Buffers.Binary;
using System.Security.Cryptography;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Keys;

/// <summary>The kind of data sealed under a job's key. It is part of the associated data, so that one row cannot pass for
/// another.</summary>
public enum SealedKind : byte
{
    Request = 1,
    Manifest = 2,
    /// <summary>A legal hold's list, under the hold's own key.</summary>
    Hold = 3,
}

/// <summary>
/// One job's random key and the keys derived from it (HKDF-SHA-256, RFC 5869): for the salts of its commitments, the seal of its rows and
/// the digest of its request. Once the key is gone, nothing of the job leads back to an identifier.
/// </summary>
public sealed class JobKey
{
    public const int Size = 32;

    private readonly Guid _job;
    private readonly byte[] _saltKey;
    private readonly byte[] _digestKey;
    private readonly byte[] _sealKey;

    /// <param name="job">The job that the key belongs to.</param>
    /// <param name="key">32 random bytes.</param>
    public JobKey(JobId job, ReadOnlySpan<byte> key)
    {
        _job = job.Value;
        _saltKey = Derive(key, "ledger/job/salt");
        _digestKey = Derive(key, "ledger/job/request-digest");
        _sealKey = Derive(key, "ledger/job/seal");
    }

    /// <summary>The commitment that stands for <paramref name="id"/> in this job's events.</summary>
    public byte[] Commit(IdentifierKind kind, string id) => Commitment.Of(Commitment.Salt(_saltKey, kind, id), kind, id);

    /// <summary>An identifier with the salt that makes its commitment checkable. Only for readers who may know both.</summary>
    /// <param name="ordinal">A conversation's place in the list, in a job's proof.</param>
    public Disclosure Disclose(IdentifierKind kind, string id, long? ordinal = null) =>
        new(kind, ordinal, id, Commitment.Salt(_saltKey, kind, id));

    /// <summary>A keyed digest of a request. Two requests can be compared only while the key exists.</summary>
    public byte[] DigestRequest(ReadOnlySpan<byte> canonical) => HMACSHA256.HashData(_digestKey, canonical);

    /// <summary>Seals one row (AES-256-GCM).</summary>
    public byte[] Seal(SealedKind kind, int row, ReadOnlySpan<byte> plain) => Keys.Seal.Close(_sealKey, plain, AssociatedData(kind, row));

    /// <exception cref="CryptographicException">The bytes were not sealed by this key for this place, or were changed.</exception>
    public byte[] Unseal(SealedKind kind, int row, ReadOnlySpan<byte> sealedBytes) =>
        Keys.Seal.Open(_sealKey, sealedBytes, AssociatedData(kind, row));

    private byte[] AssociatedData(SealedKind kind, int row)
    {
        var data = new byte[16 + 1 + 4];
        _job.TryWriteBytes(data, bigEndian: true, out _);
        data[16] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(17), row);
        return data;
    }

    private static byte[] Derive(ReadOnlySpan<byte> key, string info)
    {
        var derived = new byte[Size];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, [], System.Text.Encoding.ASCII.GetBytes(info));
        return derived;
    }
}
