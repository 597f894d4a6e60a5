using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ledger.Contracts.Transparency;

/// <summary>
/// The content of a leaf of the log: one event, as JCS of <c>{"v":1,"stream","version","type","at","data"}</c>. It has at most
/// <see cref="MaxBytes"/> bytes. It can be rebuilt from the event's row alone.
/// </summary>
/// <param name="Stream"><c>cdj-…</c> for a job. For another stream, its own id (a UUID in lower case).</param>
/// <param name="Version">The event's place in its stream, from 1, below 2^53.</param>
/// <param name="Type">The event's type, as in <see cref="EventType.Name"/>.</param>
/// <param name="At">The instant at which it was recorded, in whole milliseconds.</param>
/// <param name="Data">The event, in canonical JSON.</param>
public sealed record LeafEntry(string Stream, long Version, string Type, DateTimeOffset At, ReadOnlyMemory<byte> Data)
{
    /// <summary>Maximum size of an entry, in bytes: the largest 16-bit length in an entry bundle (c2sp.org/tlog-tiles).</summary>
    public const int MaxBytes = 65_535;

    /// <summary>The entry of an event.</summary>
    /// <param name="data">The event's JSON in any form.</param>
    /// <exception cref="FormatException">The event cannot be a leaf (see <see cref="Jcs"/>), or it is too large.</exception>
    public static byte[] Encode(string stream, long version, string type, DateTimeOffset at, ReadOnlySpan<byte> data)
    {
        if (version is < 1 or > Jcs.MaxInteger)
            throw new FormatException("an entry's version is an integer from 1, below 2^53");
        var entry = new ArrayBufferWriter<byte>(data.Length + 160);
        entry.Write("{\"at\":\""u8);
        Encoding.ASCII.GetBytes(Instant.Text(at), entry);
        entry.Write("\",\"data\":"u8);
        Jcs.Write(data, entry);
        entry.Write(",\"stream\":"u8);
        Jcs.WriteString(stream, entry);
        entry.Write(",\"type\":"u8);
        Jcs.WriteString(type, entry);
        entry.Write(",\"v\":1,\"version\":"u8);
        Encoding.ASCII.GetBytes(version.ToString(CultureInfo.InvariantCulture), entry);
        entry.Write("}"u8);
        return entry.WrittenCount <= MaxBytes
            ? entry.WrittenSpan.ToArray()
            : throw new FormatException($"the entry would exceed {MaxBytes:N0} bytes");
    }

    /// <summary>Reads an entry, which must be exactly what <see cref="Encode"/> gives.</summary>
    /// <exception cref="FormatException">The entry is malformed. The message says what is wrong.</exception>
    public static LeafEntry Parse(ReadOnlyMemory<byte> entry)
    {
        if (entry.Length > MaxBytes)
            throw new FormatException($"an entry has at most {MaxBytes:N0} bytes");
        try
        {
            using var document = JsonDocument.Parse(entry);
            var leaf = Read(document.RootElement);
            return Encode(leaf.Stream, leaf.Version, leaf.Type, leaf.At, leaf.Data.Span).AsSpan().SequenceEqual(entry.Span)
                ? leaf
                : throw new FormatException("an entry is not in canonical form, or has other members than it should");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException("an entry is a JSON object with the members v, stream, version, type, at and data", e);
        }
    }

    private static LeafEntry Read(JsonElement entry)
    {
        if (!entry.GetProperty("v").TryGetInt32(out var format) || format != 1)
            throw new FormatException("an entry of another format version than 1");
        if (!entry.GetProperty("version").TryGetInt64(out var version))
            throw new FormatException("an entry's version is an integer from 1, below 2^53");
        if (!DateTimeOffset.TryParseExact(
                entry.GetProperty("at").GetString(), "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out var at))
            throw new FormatException("an entry's instant is like 2026-05-08T06:22:56.097Z");
        var data = new ArrayBufferWriter<byte>();
        Jcs.Write(entry.GetProperty("data"), data);
        return new LeafEntry(
            entry.GetProperty("stream").GetString() ?? "", version, entry.GetProperty("type").GetString() ?? "", at, data.WrittenMemory);
    }
}
