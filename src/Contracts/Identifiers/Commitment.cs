using System.Security.Cryptography;
using System.Text;

namespace Ledger.Contracts.Identifiers;

/// <summary>
/// The value that replaces an identifier in an event: <c>SHA-256(tag ‖ salt ‖ id)</c>. The salt is <c>HMAC-SHA-256(salt key, tag ‖
/// id)</c>, and the id is UTF-8. Anyone who has the id and the salt can check it. Without the salt, nobody can test an id against it. The
/// salt is lost with the job's key.
/// </summary>
public static class Commitment
{
    /// <summary>Length of a commitment and of a salt, in bytes.</summary>
    public const int Size = 32;

    /// <summary>The salt of <paramref name="id"/> under one job's salt key.</summary>
    public static byte[] Salt(ReadOnlySpan<byte> saltKey, IdentifierKind kind, string id)
    {
        Span<byte> message = stackalloc byte[1 + Utf8Bytes(id)];
        message[0] = (byte)kind;
        var length = Encoding.UTF8.GetBytes(id, message[1..]);
        return HMACSHA256.HashData(saltKey, message[..(1 + length)]);
    }

    /// <summary>The commitment to <paramref name="id"/> with a disclosed salt.</summary>
    public static byte[] Of(ReadOnlySpan<byte> salt, IdentifierKind kind, string id)
    {
        Span<byte> message = stackalloc byte[1 + Size + Utf8Bytes(id)];
        message[0] = (byte)kind;
        salt.CopyTo(message[1..]);
        var length = Encoding.UTF8.GetBytes(id, message[(1 + Size)..]);
        return Sha256.Of(message[..(1 + Size + length)]);
    }

    private static int Utf8Bytes(string id)
    {
        // 128 characters are at most 512 bytes; the stack is only used within that limit.
        if (Limits.Characters(id) > Limits.IdentifierCharacters)
            throw new ArgumentException($"an identifier has at most {Limits.IdentifierCharacters} characters", nameof(id));
        return Encoding.UTF8.GetByteCount(id);
    }
}

/// <summary>The tag byte that keeps the kinds of identifier apart.</summary>
public enum IdentifierKind : byte
{
    CId = 0x43,
    Conversation = 0x44,

    /// <summary>A client's own reference of the case behind a job. No proof discloses it.</summary>
    Reference = 0x52,
}
