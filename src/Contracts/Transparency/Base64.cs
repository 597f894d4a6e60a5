using System.Text;

namespace Ledger.Contracts.Transparency;

/// <summary>Standard base64 (RFC 4648 §4), strictly: padded, no white space, and the one encoding that the bytes have (§3.5).</summary>
internal static class Base64
{
    /// <exception cref="FormatException">It is not.</exception>
    public static byte[] Decode(string text)
    {
        var bytes = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, bytes, out var length) || Convert.ToBase64String(bytes, 0, length) != text)
            throw new FormatException($"not standard base64: '{(text.Length > 60 ? text[..60] + "…" : text)}'");
        return bytes[..length];
    }

    /// <summary>A hash of the tree: 32 bytes.</summary>
    public static byte[] DecodeHash(string text) => Decode(text) is { Length: MerkleTree.HashSize } hash ? hash : throw new FormatException("a hash has 32 bytes");

    /// <summary>Strict UTF-8.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static string Utf8(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("not UTF-8", e);
        }
    }

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
