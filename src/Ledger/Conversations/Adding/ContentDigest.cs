using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ledger.Conversations.Adding;

/// <summary>
/// A digest of what a conversation consists of, by value: two are equal where PostgreSQL would store the same. The order of an object's
/// members, spaces, escapes and the form of a number are no content. It lives in memory only.
/// </summary>
internal sealed class ContentDigest
{
    /// <summary>Levels that JSON may be nested: objects and arrays in one another.</summary>
    public const int MostLevels = 64;

    /// <summary>Digits of an item's numbers, at most. PostgreSQL writes 1e9 out, so that a short item would become a huge one.</summary>
    private const long MostDigits = 32 << 20;

    private readonly ArrayBufferWriter<byte> _content = new(4096);
    private long _digits;

    /// <summary>Begins with what is a conversation's own.</summary>
    public ContentDigest(string cId, string channel, DateTimeOffset startedAt)
    {
        Write(cId);
        Write(channel);
        Write(startedAt.UtcTicks);
    }

    /// <summary>Adds an item. Items come ordered by kind and position.</summary>
    /// <exception cref="FormatException">jsonb cannot store it, or would drop something of it: a member that is there twice.</exception>
    /// <exception cref="InvalidOperationException">It holds half a surrogate pair.</exception>
    public void Add(short kind, int position, DateTimeOffset createdOn, JsonElement body)
    {
        Write(kind);
        Write(position);
        Write(createdOn.UtcTicks);
        _digits = 0;
        Write(body);
    }

    /// <summary>SHA-256.</summary>
    public byte[] Finish() => SHA256.HashData(_content.WrittenSpan);

    private void Write(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteMembers(value);
                break;
            case JsonValueKind.Array:
                Tag('[');
                foreach (var element in value.EnumerateArray())
                    Write(element);
                Tag(']');
                break;
            case JsonValueKind.String:
                Tag('s');
                Write(Storable(value.GetString()!));
                break;
            case JsonValueKind.Number:
                Tag('n');
                Write(Number(JsonMarshal.GetRawUtf8Value(value)));
                break;
            default:
                Tag(value.ValueKind switch { JsonValueKind.True => 't', JsonValueKind.False => 'f', _ => '0' });
                break;
        }
    }

    private string Number(ReadOnlySpan<byte> text)
    {
        var (number, digits) = JsonNumber.Canonical(text) ?? throw new FormatException(
            "a number has more than 131,072 digits before the point or 16,383 behind it, which cannot be stored");
        return (_digits += digits) <= MostDigits ? number
            : throw new FormatException($"its numbers have more than {MostDigits:N0} digits, written out");
    }

    private void WriteMembers(JsonElement value)
    {
        var members = new List<(string Name, JsonElement Value)>();
        foreach (var member in value.EnumerateObject())
            members.Add((Storable(member.Name), member.Value));
        members.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        Tag('{');
        for (var i = 0; i < members.Count; i++)
        {
            if (i > 0 && members[i].Name == members[i - 1].Name)
                throw new FormatException("a member is there more than once in one object");
            Write(members[i].Name);
            Write(members[i].Value);
        }
        Tag('}');
    }

    private static string Storable(string text) => text.Contains('\0')
        ? throw new FormatException("it holds the character U+0000, which cannot be stored")
        : text;

    private void Tag(char tag)
    {
        _content.GetSpan(1)[0] = (byte)tag;
        _content.Advance(1);
    }

    private void Write(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_content.GetSpan(8), number);
        _content.Advance(8);
    }

    /// <summary>With its length before it, so that no text runs into the next.</summary>
    private void Write(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Write(bytes);
        Encoding.UTF8.GetBytes(text, _content.GetSpan(bytes));
        _content.Advance(bytes);
    }
}
