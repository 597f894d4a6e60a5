using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ledger.Jobs.Erased;

/// <summary>
/// Names conversations in 16 bytes for as long as a process runs. The name is SHA-256 over a key that the process made, the bot and the id,
/// cut to 128 bits. Nobody can produce two equal names, and no list of ids is kept.
/// </summary>
internal sealed class IdentityHash
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public UInt128 Of(string botId, string conversationId)
    {
        var size = _key.Length + Encoding.UTF8.GetByteCount(botId) + 1 + Encoding.UTF8.GetByteCount(conversationId);
        var buffer = size <= 2048 ? stackalloc byte[size] : new byte[size];
        _key.CopyTo(buffer);
        var end = _key.Length + Encoding.UTF8.GetBytes(botId, buffer[_key.Length..]);
        buffer[end] = 0; // no id holds it
        Encoding.UTF8.GetBytes(conversationId, buffer[(end + 1)..]);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer, digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
