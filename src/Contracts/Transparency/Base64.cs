using System.Text;

namespace Ledger.Contracts.Transparency;

/// <summary>Strict standard base64 (RFC 4648 §4): padded, without white space, and in the one canonical encoding (§3.5).</summary>
internal static class Base64
{
    /// <exception cref="FormatException">It is not.</exception>
    public static byte[] Decode(string text)
    {
        var bytes = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, bytes, out var length) || Convert.ToBase64String(bytes, 0, length) != text)
            throw new FormatException("not standard base64, padded and in its one spelling"); // unquoted: it may be a private key
        return bytes[..length];
    }

    /// <summary>A hash of the tree: 32 bytes.</summary>
    public static byte[] DecodeHash(string text) =>
        Decode(text) is { Length: MerkleTree.HashSize } hash ? hash : throw new FormatException("a hash has 32 bytes");

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

    /// <summary>
    /// Length of a text in UTF-8. A text with an unpaired surrogate is refused. The surrogate would be written as U+FFFD, and two texts
    /// would have one signature.
    /// </summary>
    /// <exception cref="FormatException">The text has an unpaired surrogate.</exception>
    public static int Utf8Length(string text) =>
        IsUnicode(text) ? Strict.GetByteCount(text) : throw new FormatException("half of a surrogate pair");

    /// <summary>True if every surrogate is one of a pair.</summary>
    public static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i])))
                return false;
        }
        return true;
    }

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
