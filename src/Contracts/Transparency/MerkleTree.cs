using System.Security.Cryptography;

namespace Ledger.Contracts.Transparency;

/// <summary>The hashes of an RFC 6962 Merkle tree (§2.1): SHA-256 with separate domains for leaves and nodes.</summary>
public static class MerkleTree
{
    /// <summary>Length of every hash, in bytes.</summary>
    public const int HashSize = 32;

    /// <summary>Longer entries are hashed piece by piece, which costs more than hashing a commitment itself.</summary>
    private const int MaxOnStack = 512;

    /// <summary>The root of the tree without leaves: <c>SHA-256("")</c>.</summary>
    public static byte[] EmptyRoot() => SHA256.HashData([]);

    /// <summary><c>SHA-256(0x00 ‖ entry)</c></summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> entry)
    {
        if (entry.Length <= MaxOnStack)
        {
            Span<byte> message = stackalloc byte[1 + MaxOnStack];
            message[0] = 0x00;
            entry.CopyTo(message[1..]);
            return SHA256.HashData(message[..(1 + entry.Length)]);
        }
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([0x00]);
        hash.AppendData(entry);
        return hash.GetHashAndReset();
    }

    /// <summary><c>SHA-256(0x01 ‖ left ‖ right)</c></summary>
    /// <exception cref="ArgumentException">Not two hashes: with other lengths, different pairs would give the same message.</exception>
    public static byte[] NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != HashSize || right.Length != HashSize)
            throw new ArgumentException($"a node joins two hashes of {HashSize} bytes", left.Length != HashSize ? nameof(left) : nameof(right));
        Span<byte> message = stackalloc byte[1 + 2 * HashSize];
        message[0] = 0x01;
        left.CopyTo(message[1..]);
        right.CopyTo(message[(1 + HashSize)..]);
        return SHA256.HashData(message);
    }
}
