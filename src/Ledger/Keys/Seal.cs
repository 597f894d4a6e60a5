using System.Security.Cryptography;

namespace Ledger.Keys;

/// <summary>
/// AES-256-GCM with a fresh random nonce: nonce (12 bytes), ciphertext, tag (16). One message a nonce; keys seal far fewer than 2^32
/// messages (NIST SP 800-38D §8.3).
/// </summary>
internal static class Seal
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>Number of bytes by which the sealed text is longer than the plain text.</summary>
    public const int Overhead = NonceSize + TagSize;

    public static byte[] Close(byte[] key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> associatedData)
    {
        var result = new byte[NonceSize + plain.Length + TagSize];
        var nonce = result.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        // One instance a call: AesGcm is not safe for concurrent use.
        using var gcm = new AesGcm(key, TagSize);
        gcm.Encrypt(nonce, plain, result.AsSpan(NonceSize, plain.Length), result.AsSpan(NonceSize + plain.Length), associatedData);
        return result;
    }

    /// <exception cref="CryptographicException">The bytes were sealed by another key or for another place, are cut short, or were
    /// changed.</exception>
    public static byte[] Open(byte[] key, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associatedData)
    {
        if (sealedBytes.Length < NonceSize + TagSize)
            throw new CryptographicException("sealed bytes are cut short");
        var plain = new byte[sealedBytes.Length - NonceSize - TagSize];
        using var gcm = new AesGcm(key, TagSize);
        gcm.Decrypt(sealedBytes[..NonceSize], sealedBytes[NonceSize..^TagSize], sealedBytes[^TagSize..], plain, associatedData);
        return plain;
    }
}
