using System.Buffers;
using System.Text.Json;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// The content of the <c>extra</c> of a conversation's <see cref="TlogProof"/>: the leaf's entry, and the disclosure that shows whose it
/// is.
/// As JCS <c>{"disclosures":[{"id","kind","salt"}],"entry":base64,"v":1}</c>.
/// </summary>
/// <param name="Entry">The <see cref="LeafEntry"/> of the conversation's outcome, as it was hashed.</param>
/// <param name="Disclosure">Of the conversation's id; absent once the job's key is destroyed.</param>
public sealed record ConversationProof(ReadOnlyMemory<byte> Entry, Disclosure? Disclosure)
{
    /// <summary>The whole proof.</summary>
    /// <param name="index">The leaf's place in the log.</param>
    /// <param name="path">See <see cref="InclusionProof.ProveAsync"/>.</param>
    /// <param name="checkpoint">The signed checkpoint, verbatim.</param>
    public TlogProof In(long index, IReadOnlyList<byte[]> path, string checkpoint) => new(Encode(), index, path, checkpoint);

    /// <summary>The bytes of <c>extra</c>.</summary>
    public byte[] Encode()
    {
        var extra = new ArrayBufferWriter<byte>(Entry.Length * 4 / 3 + 256);
        extra.Write("{\"disclosures\":["u8);
        Disclosure?.Write(extra);
        extra.Write("],\"entry\":"u8);
        Jcs.WriteString(Convert.ToBase64String(Entry.Span), extra);
        extra.Write(",\"v\":1}"u8);
        return extra.WrittenSpan.ToArray();
    }

    /// <summary>Reads the bytes of <c>extra</c>.</summary>
    /// <exception cref="FormatException">They are not exactly what <see cref="Encode"/> gives.</exception>
    public static ConversationProof Parse(ReadOnlyMemory<byte> extra)
    {
        try
        {
            using var document = JsonDocument.Parse(extra);
            var proof = Read(document.RootElement);
            return proof.Encode().AsSpan().SequenceEqual(extra.Span)
                ? proof
                : throw new FormatException("the proof's extra is not in canonical form, or has other members than it should");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException("the proof's extra is not a JSON object with the members disclosures, entry and v", e);
        }
    }

    private static ConversationProof Read(JsonElement extra)
    {
        if (!extra.GetProperty("v").TryGetInt32(out var format) || format != 1)
            throw new FormatException("the proof's extra is of another format version than 1");
        var disclosures = extra.GetProperty("disclosures");
        if (disclosures.GetArrayLength() > 1)
            throw new FormatException("a conversation's proof has at most one disclosure");
        var disclosure = disclosures.GetArrayLength() == 0 ? null : Disclosure.Read(disclosures[0]);
        if (disclosure is { Ordinal: not null } or { Kind: not Identifiers.IdentifierKind.Conversation })
            throw new FormatException("a conversation's proof discloses a conversation's id, without an ordinal");
        return new ConversationProof(Base64.Decode(extra.GetProperty("entry").GetString() ?? ""), disclosure);
    }
}
