using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Projections;
using Ledger.Projections.JobList;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;

namespace Ledger.EventStore;

/// <summary>
/// A read model that is written in the transaction of the events that it follows from, with one row for each stream of one type. What audits and rebuilds it knows no
/// more of it than this: another one is another entry in <see cref="All"/>.
/// </summary>
public abstract class InlineProjection
{
    /// <summary>In the order in which an append writes them: who locks several of their tables takes them in this order too, so that nobody waits in a circle.</summary>
    public static IReadOnlyList<InlineProjection> All { get; } =
    [
        new DocumentProjection<JobStatus>(
            StreamIds.JobType, DocumentJson.Default.JobStatus, (status, id, @event, at) => JobStatusFold.Apply(status, new JobId(id), (JobEvent)@event, at)),
        new JobListProjection(),
        new DocumentProjection<Bot>(StreamIds.BotType, DocumentJson.Default.Bot, (bot, _, @event, _) => Bot.Apply(bot, (RegistryEvent)@event)),
        new DocumentProjection<ApiClient>(StreamIds.ClientType, DocumentJson.Default.ApiClient, (client, _, @event, _) => ApiClient.Apply(client, (RegistryEvent)@event)),
        new DocumentProjection<DeletionWindow>(
            StreamIds.WindowType, DocumentJson.Default.DeletionWindow, (window, _, @event, _) => DeletionWindow.Apply(window, (RegistryEvent)@event)),
    ];

    private static readonly ILookup<string, InlineProjection> ByStreamType = All.ToLookup(projection => projection.StreamType, StringComparer.Ordinal);

    private protected InlineProjection(string streamType, ProjectionTable table) => (StreamType, Table) = (streamType, table);

    public string StreamType { get; }

    public ProjectionTable Table { get; }

    /// <summary>The projections of a stream; none for a type that has none.</summary>
    public static IReadOnlyList<InlineProjection> Of(string? streamType) => streamType is null ? [] : [.. ByStreamType[streamType]];

    /// <summary>The row after one more event.</summary>
    /// <param name="row">Null before the stream's first event.</param>
    /// <exception cref="InvalidOperationException">The event cannot come here.</exception>
    public abstract object Apply(object? row, Guid stream, object @event, DateTimeOffset at);

    /// <summary>Writes the row as a JSON object whose members are the table's columns.</summary>
    /// <param name="version">The stream's version that it is of.</param>
    public abstract void Write(Utf8JsonWriter json, Guid stream, long version, object row);

    /// <summary>Reads back what <see cref="Write"/> wrote.</summary>
    public abstract object Read(JsonElement columns);
}

/// <summary>A document in one of Marten's tables.</summary>
internal sealed class DocumentProjection<T>(string streamType, JsonTypeInfo<T> json, Func<T?, Guid, object, DateTimeOffset, T> apply) : InlineProjection(
    streamType,
    new ProjectionTable(Documents.Table<T>(), ["id"], ["data", "mt_version"], Written: ["mt_dotnet_type"], Stamp: "mt_last_modified"))
    where T : class
{
    public override object Apply(object? row, Guid stream, object @event, DateTimeOffset at) => apply((T?)row, stream, @event, at);

    public override void Write(Utf8JsonWriter writer, Guid stream, long version, object row)
    {
        writer.WriteStartObject();
        writer.WriteString("id", stream);
        writer.WritePropertyName("data");
        JsonSerializer.Serialize(writer, (T)row, json);
        writer.WriteString("mt_dotnet_type", Documents.TypeName<T>());
        writer.WriteNumber("mt_version", version);
        writer.WriteEndObject();
    }

    public override object Read(JsonElement columns) => columns.GetProperty("data").Deserialize(json)!;
}

/// <summary>The list of jobs.</summary>
internal sealed class JobListProjection() : InlineProjection(
    StreamIds.JobType, new ProjectionTable("ledger.job_list", ["job_id"], ["bot_id", "client_id", "submitted_at", "status"]))
{
    public override object Apply(object? row, Guid stream, object @event, DateTimeOffset at) =>
        JobListEntry.Apply((JobListEntry?)row, new JobId(stream), (JobEvent)@event, at);

    public override void Write(Utf8JsonWriter json, Guid stream, long version, object row)
    {
        var entry = (JobListEntry)row;
        json.WriteStartObject();
        json.WriteString("job_id", stream);
        json.WriteString("bot_id", entry.Bot);
        json.WriteString("client_id", entry.Client);
        json.WriteString("submitted_at", Contracts.Instant.Text(entry.SubmittedAt));
        json.WriteString("status", JobListEntry.StatusText(entry.Status));
        json.WriteEndObject();
    }

    public override object Read(JsonElement columns) => new JobListEntry(
        new JobId(columns.GetProperty("job_id").GetGuid()), columns.GetProperty("bot_id").GetString()!, columns.GetProperty("client_id").GetString()!,
        columns.GetProperty("submitted_at").GetDateTimeOffset(), Enum.Parse<ReportedStatus>(columns.GetProperty("status").GetString()!, ignoreCase: true));
}
