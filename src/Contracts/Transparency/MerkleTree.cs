namespace Ledger.Contracts.Transparency;

/// <summary>The hashes of an RFC 6962 Merkle tree (§2.1): SHA-256 with separate domains for leaves and nodes.</summary>
public static class MerkleTree
{
    /// <summary>Length of every hash, in bytes.</summary>
    public const int HashSize = Sha256.Size;

    /// <summary>Longer entries are copied to the heap.</summary>
    private const int MaxOnStack = 512;

    /// <summary>The root of the tree without leaves: <c>SHA-256("")</c>.</summary>
    public static byte[] EmptyRoot() => Sha256.Of([]);

    /// <summary><c>SHA-256(0x00 ‖ entry)</c></summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> entry)
    {
        var message = entry.Length <= MaxOnStack ? stackalloc byte[1 + MaxOnStack] : new byte[1 + entry.Length];
        message[0] = 0x00;
        entry.CopyTo(message[1..]);
        return Sha256.Of(message[..(1 + entry.Length)]);
    }

    /// <summary><c>SHA-256(0x01 ‖ left ‖ right)</c></summary>
    /// <exception cref="ArgumentException">A length is not a hash's. Then different pairs could give the same message.</exception>
    public static byte[] NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != HashSize || right.Length != HashSize)
            throw new ArgumentException(
                $"a node joins two hashes of {HashSize} bytes", left.Length != HashSize ? nameof(left) : nameof(right));
        Span<byte> message = stackalloc byte[1 + 2 * HashSize];
        message[0] = 0x01;
        left.CopyTo(message[1..]);
        right.CopyTo(message[(1 + HashSize)..]);
        return Sha256.Of(message);
    }
}
