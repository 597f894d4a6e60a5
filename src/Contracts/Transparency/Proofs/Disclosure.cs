using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ledger.Contracts.Identifiers;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// An identifier and its salt: what makes a commitment checkable. As JCS <c>{"id","kind","ordinal","salt"}</c>; the kind is <c>cId</c> or
/// <c>conversation</c>.
/// </summary>
/// <param name="Kind">The kind of identifier.</param>
/// <param name="Ordinal">In a job's proof, a conversation's place in the manifest; otherwise absent.</param>
/// <param name="Id">The raw identifier.</param>
/// <param name="Salt">32 bytes.</param>
public sealed record Disclosure(IdentifierKind Kind, long? Ordinal, string Id, byte[] Salt)
{
    /// <summary>Maximum size of a disclosure in JSON, in bytes: 128 characters of four bytes, and the rest.</summary>
    public const int MaxBytes = 1_024;

    /// <summary>The commitment that the identifier and the salt give.</summary>
    public byte[] Commitment() => Identifiers.Commitment.Of(Salt, Kind, Id);

    /// <summary>The disclosure in canonical JSON.</summary>
    public byte[] Encode()
    {
        var json = new ArrayBufferWriter<byte>(160);
        Write(json);
        return json.WrittenSpan.ToArray();
    }

    /// <exception cref="FormatException">It is not exactly what <see cref="Encode"/> gives.</exception>
    public static Disclosure Parse(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxBytes)
            throw new FormatException($"a disclosure has at most {MaxBytes:N0} bytes");
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            var disclosure = Read(document.RootElement);
            return disclosure.Encode().AsSpan().SequenceEqual(json)
                ? disclosure
                : throw new FormatException("a disclosure is not in canonical form, or has other members than it should");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException("a disclosure is a JSON object with the members id, kind and salt", e);
        }
    }

    /// <summary>The kind alone: the identifier is personal data and the salt is what protects it.</summary>
    public override string ToString() => $"{nameof(Disclosure)} of a {KindText(Kind)}";

    internal static Disclosure Read(JsonElement json)
    {
        var kind = json.GetProperty("kind").GetString() switch
        {
            "cId" => IdentifierKind.CId,
            "conversation" => IdentifierKind.Conversation,
            _ => throw new FormatException("a disclosure's kind is cId or conversation"),
        };
        long? ordinal = null;
        if (json.TryGetProperty("ordinal", out var number))
            ordinal =
                number.TryGetInt64(out var value) && value is >= 0 and <= Jcs.MaxInteger
                    ? value
                    : throw new FormatException("a disclosure's ordinal is an integer from 0");
        var id = json.GetProperty("id").GetString() ?? "";
        if (!Limits.IsIdentifier(id))
            throw new FormatException(
                $"a disclosure's id is not an identifier: 1 to {Limits.IdentifierCharacters} characters without control characters");
        return new Disclosure(kind, ordinal, id, Base64.DecodeHash(json.GetProperty("salt").GetString() ?? ""));
    }

    internal void Write(IBufferWriter<byte> json)
    {
        json.Write("{\"id\":"u8);
        Jcs.WriteString(Id, json);
        json.Write(",\"kind\":"u8);
        Jcs.WriteString(KindText(Kind), json);
        if (Ordinal is { } ordinal)
            Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $",\"ordinal\":{ordinal}"), json);
        json.Write(",\"salt\":"u8);
        Jcs.WriteString(Convert.ToBase64String(Salt), json);
        json.Write("}"u8);
    }

    private static string KindText(IdentifierKind kind) => kind switch
    {
        IdentifierKind.CId => "cId",
        IdentifierKind.Conversation => "conversation",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), "a proof discloses channel users and conversations only"),
    };
}
