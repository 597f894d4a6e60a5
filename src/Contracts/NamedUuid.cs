using System.Security.Cryptography;
using System.Text;

namespace Ledger.Contracts;

/// <summary>Name-based UUIDs, version 5 (RFC 9562 §5.5): SHA-1 of namespace and name. Not a security boundary: see each caller.</summary>
public static class NamedUuid
{
    public static Guid Create(Guid uuidNamespace, string name) => Create(uuidNamespace, Encoding.UTF8.GetBytes(name));

    public static Guid Create(Guid uuidNamespace, ReadOnlySpan<byte> name)
    {
        var input = new byte[16 + name.Length];
        uuidNamespace.TryWriteBytes(input, bigEndian: true, out _);
        name.CopyTo(input.AsSpan(16));
#pragma warning disable CA5350 // RFC 9562 §5.5 prescribes SHA-1 for version 5
        var hash = SHA1.HashData(input);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }
}
