using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts;

namespace Ledger.Jobs;

/// <summary>A request with its raw identifiers, as it is sealed under the job's key.</summary>
public sealed record SealedRequest(IReadOnlyList<string>? ConversationIds, string? CId, DateTimeOffset? From, DateTimeOffset? To)
{
    public static byte[] Write(DeletionRequest request) => JsonSerializer.SerializeToUtf8Bytes(request switch
    {
        DeletionRequest.ByConversationIds ids => new SealedRequest(ids.ConversationIds, null, null, null),
        DeletionRequest.ByChannelUser user => new SealedRequest(null, user.CId, user.From, user.To),
        _ => throw new ArgumentOutOfRangeException(nameof(request)),
    }, SealedJson.Default.SealedRequest);

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
