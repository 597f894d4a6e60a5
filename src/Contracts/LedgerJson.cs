using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;

namespace Ledger.Contracts;

/// <summary>
/// The JSON form of facts. Members are camelCase, and a null member is omitted. Instants are in UTC with milliseconds and <c>Z</c>. Bytes
/// are in standard base64. Closed lists are written by name. A missing member is an error, unless it may be absent. The parameter of such
/// a member has a default.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(Submitted))]
[JsonSerializable(typeof(Scheduled))]
[JsonSerializable(typeof(Started))]
[JsonSerializable(typeof(ConversationDeleted))]
[JsonSerializable(typeof(ConversationSkipped))]
[JsonSerializable(typeof(Failed))]
[JsonSerializable(typeof(Completed))]
[JsonSerializable(typeof(BotRegistered))]
[JsonSerializable(typeof(BotChanged))]
[JsonSerializable(typeof(ClientGranted))]
[JsonSerializable(typeof(GrantRevoked))]
[JsonSerializable(typeof(ClientRegistered))]
[JsonSerializable(typeof(ClientSecretIssued))]
[JsonSerializable(typeof(ClientSecretRetired))]
[JsonSerializable(typeof(ClientRevoked))]
[JsonSerializable(typeof(WindowDefined))]
[JsonSerializable(typeof(JobKeyDestroyed))]
[JsonSerializable(typeof(JobCancelled))]
[JsonSerializable(typeof(EpochKeyDestroyed))]
[JsonSerializable(typeof(IdentifiersDisclosed))]
[JsonSerializable(typeof(OriginOpened))]
[JsonSerializable(typeof(ErasedConversationsImported))]
[JsonSerializable(typeof(WebhookDisabled))]
[JsonSerializable(typeof(DeletionsPaused))]
[JsonSerializable(typeof(DeletionsResumed))]
[JsonSerializable(typeof(LegalHoldPlaced))]
[JsonSerializable(typeof(LegalHoldDisclosed))]
[JsonSerializable(typeof(LegalHoldEnded))]
[JsonSerializable(typeof(CaseRecorded))]
[JsonSerializable(typeof(DeadlineExtended))]
[JsonSerializable(typeof(LedgerAuditGranted))]
[JsonSerializable(typeof(LedgerAuditRevoked))]
[JsonSerializable(typeof(BotLimitsSet))]
public sealed partial class LedgerJson : JsonSerializerContext
{
    /// <summary>The context to use. It does not escape base64's <c>+</c>, because nothing here is pasted into HTML.</summary>
    public static LedgerJson Facts => s_facts ??= new LedgerJson(new JsonSerializerOptions(new LedgerJson().GeneratedSerializerOptions!)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>As <see cref="Facts"/>, with the members of an object in the order of the canonical form.</summary>
    internal static JsonSerializerOptions Sorted => s_sorted ??= InOrder(names => names.Order(StringComparer.Ordinal));

    /// <summary>As <see cref="Facts"/>, with the members of an object in the order in which PostgreSQL keeps them.</summary>
    internal static JsonSerializerOptions AsStored => s_asStored ??= InOrder(
        names => names.OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal));

    private static JsonSerializerOptions InOrder(Func<IEnumerable<string>, IEnumerable<string>> order) => new(Facts.Options)
    {
        TypeInfoResolver = Facts.WithAddedModifier(type =>
        {
            var names = order(type.Properties.Select(member => member.Name)).ToList();
            foreach (var member in type.Properties)
                member.Order = names.IndexOf(member.Name);
        }),
    };

    private static LedgerJson? s_facts;
    private static JsonSerializerOptions? s_sorted, s_asStored;
}

/// <summary>Instants as <c>2026-05-08T06:22:56.097Z</c>.</summary>
public sealed class InstantConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Instant.Text(value));
}
