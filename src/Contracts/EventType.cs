using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ledger.Contracts;

/// <summary>
/// The closed list of event types, with the stored form of each. <c>type</c> is the event's name in snake case. Marten keeps
/// <see cref="ClrName"/> in <c>mt_dotnet_type</c>.
/// </summary>
public sealed class EventType
{
    private readonly JsonTypeInfo _json, _sorted, _asStored;

    private EventType(JsonTypeInfo json)
    {
        (_json, _sorted, _asStored) = (json, LedgerJson.Sorted.GetTypeInfo(json.Type), LedgerJson.AsStored.GetTypeInfo(json.Type));
        Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(json.Type.Name);
        ClrName = $"{json.Type.FullName}, {json.Type.Assembly.GetName().Name}";
    }

    public static IReadOnlyList<EventType> All { get; } =
    [
        new(LedgerJson.Facts.Submitted), new(LedgerJson.Facts.Scheduled), new(LedgerJson.Facts.Started),
        new(LedgerJson.Facts.ConversationDeleted), new(LedgerJson.Facts.ConversationSkipped), new(LedgerJson.Facts.Failed),
        new(LedgerJson.Facts.Completed), new(LedgerJson.Facts.BotRegistered), new(LedgerJson.Facts.BotChanged),
        new(LedgerJson.Facts.ClientGranted), new(LedgerJson.Facts.GrantRevoked), new(LedgerJson.Facts.ClientRegistered),
        new(LedgerJson.Facts.ClientSecretIssued), new(LedgerJson.Facts.ClientSecretRetired), new(LedgerJson.Facts.ClientRevoked),
        new(LedgerJson.Facts.WindowDefined), new(LedgerJson.Facts.JobKeyDestroyed), new(LedgerJson.Facts.EpochKeyDestroyed),
        new(LedgerJson.Facts.IdentifiersDisclosed), new(LedgerJson.Facts.OriginOpened), new(LedgerJson.Facts.ErasedConversationsImported),
        new(LedgerJson.Facts.WebhookDisabled), new(LedgerJson.Facts.JobCancelled),
        new(LedgerJson.Facts.DeletionsPaused), new(LedgerJson.Facts.DeletionsResumed), new(LedgerJson.Facts.LegalHoldPlaced),
        new(LedgerJson.Facts.LegalHoldDisclosed), new(LedgerJson.Facts.LegalHoldEnded),
        new(LedgerJson.Facts.CaseRecorded), new(LedgerJson.Facts.DeadlineExtended),
        new(LedgerJson.Facts.LedgerAuditGranted), new(LedgerJson.Facts.LedgerAuditRevoked),
        new(LedgerJson.Facts.BotLimitsSet),
    ];

    private static readonly Dictionary<Type, EventType> ByClrType = All.ToDictionary(type => type._json.Type);
    private static readonly Dictionary<string, EventType> ByName = All.ToDictionary(type => type.Name, StringComparer.Ordinal);

    /// <summary><c>conversation_deleted</c></summary>
    public string Name { get; }

    /// <summary><c>Ledger.Contracts.Jobs.ConversationDeleted, Ledger.Contracts</c></summary>
    public string ClrName { get; }

    public Type ClrType => _json.Type;

    public static EventType Of(object @event) => ByClrType[@event.GetType()];

    /// <summary>The event that a stored row holds.</summary>
    /// <exception cref="NotSupportedException">This version does not know the type. The event must not be skipped silently.</exception>
    public static object Read(string type, string data) => JsonSerializer.Deserialize(data, Known(type)._json)!;

    /// <summary>The event that a stored row holds.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="data">Its JSON as UTF-8.</param>
    /// <exception cref="NotSupportedException">This version does not know the type. The event must not be skipped silently.</exception>
    public static object Read(string type, ReadOnlySpan<byte> data) => JsonSerializer.Deserialize(data, Known(type)._json)!;

    /// <summary>
    /// True if an exception from reading or folding an event means that the stored data is not a possible event. This includes an event
    /// that a later version made, with an unknown type or value.
    /// </summary>
    public static bool IsOfNoEvent(Exception e) => e is JsonException or InvalidOperationException or InvalidCastException
        or NullReferenceException or ArgumentException or FormatException or NotSupportedException;

    public string Write(object @event) => JsonSerializer.Serialize(@event, _json);

    /// <summary>
    /// The event as UTF-8, with its members sorted by name. This is the canonical form (<see cref="Transparency.Jcs"/>), except for the
    /// order within a map and the escapes of rare characters.
    /// </summary>
    public byte[] WriteSorted(object @event) => JsonSerializer.SerializeToUtf8Bytes(@event, _sorted);

    /// <summary>The event as UTF-8, its members in the order in which PostgreSQL keeps them.</summary>
    internal byte[] WriteAsStored(object @event) => JsonSerializer.SerializeToUtf8Bytes(@event, _asStored);

    private static EventType Known(string type) => ByName.TryGetValue(type, out var known)
        ? known
        : throw new NotSupportedException($"unknown event type '{type}': this version of the ledger is too old for its database");
}
