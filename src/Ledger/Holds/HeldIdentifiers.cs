using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Keys;

namespace Ledger.Holds;

/// <summary>The raw identifiers of a legal hold, as they are sealed under its key: conversations, or one channel user.</summary>
/// <param name="ConversationIds">1 to 100, without duplicates. Null for a channel user.</param>
/// <param name="CId">The channel user. Null for conversations.</param>
public sealed record HeldIdentifiers(IReadOnlyList<string>? ConversationIds, string? CId)
{
    [JsonIgnore]
    public RequestType RequestType => CId is null ? RequestType.ConversationIds : RequestType.CId;

    /// <summary>The commitments that stand for them in the hold's events.</summary>
    public IReadOnlyList<byte[]> Commitments(JobKey key) => CId is null
        ? [.. ConversationIds!.Select(id => key.Commit(IdentifierKind.Conversation, id))]
        : [key.Commit(IdentifierKind.CId, CId)];

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, HeldJson.Default.HeldIdentifiers);

    public static HeldIdentifiers Read(byte[] plain) =>
        JsonSerializer.Deserialize(plain, HeldJson.Default.HeldIdentifiers) is { } held && held.ConversationIds is null != held.CId is null
            ? held
            : throw new InvalidOperationException("a sealed list names neither conversations nor a channel user");

    /// <summary>The type's name without its members.</summary>
    public override string ToString() => nameof(HeldIdentifiers);
}

/// <summary>A request for a hold in one form. It decides if two requests under one idempotency key are the same.</summary>
internal sealed record CanonicalHold(HeldIdentifiers Held, string Reason, DateTimeOffset? Until);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(HeldIdentifiers))]
[JsonSerializable(typeof(CanonicalHold))]
internal sealed partial class HeldJson : JsonSerializerContext;
