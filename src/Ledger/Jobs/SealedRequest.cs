using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts;

namespace Ledger.Jobs;

/// <summary>
/// A request with its raw identifiers, as it is sealed under the job's key. Without a reference it is written as before there were any.
/// </summary>
public sealed record SealedRequest(
    IReadOnlyList<string>? ConversationIds, string? CId, DateTimeOffset? From, DateTimeOffset? To, string? Reference = null)
{
    /// <param name="request">The request.</param>
    /// <param name="reference">The reference of the case behind it. Null if there is none.</param>
    public static byte[] Write(DeletionRequest request, string? reference = null) => JsonSerializer.SerializeToUtf8Bytes(request switch
    {
        DeletionRequest.ByConversationIds ids => new SealedRequest(ids.ConversationIds, null, null, null, reference),
        DeletionRequest.ByChannelUser user => new SealedRequest(null, user.CId, user.From, user.To, reference),
        _ => throw new ArgumentOutOfRangeException(nameof(request)),
    }, SealedJson.Default.SealedRequest);

    /// <summary>The reference of the case behind a request. Null if there is none.</summary>
    public static string? ReferenceOf(byte[] plain) => JsonSerializer.Deserialize(plain, SealedJson.Default.SealedRequest)!.Reference;

    public static DeletionRequest Read(byte[] plain) => JsonSerializer.Deserialize(plain, SealedJson.Default.SealedRequest) switch
    {
        { ConversationIds: { } ids } => new DeletionRequest.ByConversationIds(ids),
        { CId: { } cId, To: { } to } sealedRequest => new DeletionRequest.ByChannelUser(cId, sealedRequest.From, to),
        _ => throw new InvalidOperationException("a sealed request names neither conversations nor a channel user"),
    };

    public override string ToString() => nameof(SealedRequest);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(SealedRequest))]
internal sealed partial class SealedJson : JsonSerializerContext;
