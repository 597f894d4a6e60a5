using Curve = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Ledger.Contracts.Transparency;

/// <summary>
/// Ed25519 (RFC 8032) by BouncyCastle, in managed code. .NET 10 has none of its own, and a verifier must run without OpenSSL.
/// </summary>
public static class Ed25519
{
    /// <summary>Bytes of a seed (the private key of RFC 8032 §5.1.5) and of a public key.</summary>
    public const int KeySize = 32;

    /// <summary>Bytes of a signature.</summary>
    public const int SignatureSize = 64;

    /// <summary>The public key of a seed.</summary>
    /// <exception cref="ArgumentException">The seed has another length.</exception>
    public static byte[] PublicKey(ReadOnlySpan<byte> seed)
    {
        var result = new byte[KeySize];
        Curve.GeneratePublicKey(OfSeedSize(seed), result);
        return result;
    }

    /// <summary>Signs a message; the same seed and message give the same signature.</summary>
    /// <exception cref="ArgumentException">The seed has another length.</exception>
    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        var signature = new byte[SignatureSize];
        Curve.Sign(OfSeedSize(seed).ToArray(), 0, message.ToArray(), 0, message.Length, signature, 0);
        return signature;
    }

    /// <summary>
    /// True if the signature is the key's over the message (RFC 8032 §5.1.7, without the cofactor). False if a length is wrong, or if the
    /// key is not a point of the curve.
    /// </summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        publicKey.Length == KeySize && signature.Length == SignatureSize &&
        Curve.Verify(signature.ToArray(), 0, publicKey.ToArray(), 0, message.ToArray(), 0, message.Length);

    private static ReadOnlySpan<byte> OfSeedSize(ReadOnlySpan<byte> seed) =>
        seed.Length == KeySize ? seed : throw new ArgumentException($"a seed has {KeySize} bytes", nameof(seed));
}
