using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;

namespace Ledger.EventStore;

/// <summary>
/// A read model that is written in the transaction of the events that it follows from, with one row for each stream of one type. What audits and rebuilds it knows no
/// more of it than this: another one is another entry in <see cref="All"/>.
/// </summary>
public abstract class InlineProjection
{
    /// <summary>The duplicated columns of <see cref="Job"/>: see <see cref="MartenSetup"/>.</summary>
    private static readonly (string Column, Func<Job, object?> Value)[] s_jobColumns =
    [
        ("bot", job => job.Bot), ("client", job => job.Client), ("submitted_at", job => job.SubmittedAt),
        ("planned_at", job => job.PlannedAt),
        ("status", job => job.StatusName), ("window_name", job => job.WindowName), ("closes_at", job => job.ClosesAt),
        ("started_version", job => job.StartedVersion),
    ];

    /// <summary>In the order in which an append writes them: who locks several of their tables takes them in this order too, so that nobody waits in a circle.</summary>
    public static IReadOnlyList<InlineProjection> All { get; } =
    [
        new DocumentProjection<JobStatus>(
            StreamIds.JobType, DocumentJson.Default.JobStatus,
            (status, id, @event, _, at) => JobStatusFold.Apply(status, new JobId(id), (JobEvent)@event, at)),
        new DocumentProjection<Job>(
            StreamIds.JobType, DocumentJson.Default.Job,
            (job, id, @event, version, at) => JobFold.Apply(job, new JobId(id), (JobEvent)@event, version, at), s_jobColumns),
        new DocumentProjection<Bot>(
            StreamIds.BotType, DocumentJson.Default.Bot, (bot, _, @event, _, _) => BotFold.Apply(bot, (RegistryEvent)@event)),
        new DocumentProjection<ApiClient>(
            StreamIds.ClientType, DocumentJson.Default.ApiClient,
            (client, _, @event, _, _) => ApiClientFold.Apply(client, (RegistryEvent)@event)),
        new DocumentProjection<DeletionWindow>(
            StreamIds.WindowType, DocumentJson.Default.DeletionWindow,
            (window, _, @event, _, _) => DeletionWindowFold.Apply(window, (RegistryEvent)@event)),
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
    public abstract object Apply(object? row, Guid stream, object @event, long version, DateTimeOffset at);

    /// <summary>Writes the row as a JSON object whose members are the table's columns.</summary>
    /// <param name="version">The stream's version that it is of.</param>
    public abstract void Write(Utf8JsonWriter json, Guid stream, long version, object row);

    /// <summary>Reads back what <see cref="Write"/> wrote.</summary>
    public abstract object Read(JsonElement columns);
}

/// <summary>A document in one of Marten's tables.</summary>
internal sealed class DocumentProjection<T>(
    string streamType, JsonTypeInfo<T> json, Func<T?, Guid, object, long, DateTimeOffset, T> apply,
    IReadOnlyList<(string Column, Func<T, object?> Value)>? duplicated = null)
    : InlineProjection(
        streamType,
        new ProjectionTable(
            Documents.Table<T>(), ["id"], ["data", "mt_version", .. (duplicated ?? []).Select(one => one.Column)],
            Written: ["mt_dotnet_type"],
            Stamp: "mt_last_modified"))
    where T : class
{
    public override object Apply(object? row, Guid stream, object @event, long version, DateTimeOffset at) =>
        apply((T?)row, stream, @event, version, at);

    public override void Write(Utf8JsonWriter writer, Guid stream, long version, object row)
    {
        writer.WriteStartObject();
        writer.WriteString("id", stream);
        writer.WritePropertyName("data");
        JsonSerializer.Serialize(writer, (T)row, json);
        writer.WriteString("mt_dotnet_type", Documents.TypeName<T>());
        writer.WriteNumber("mt_version", version);
        foreach (var (column, value) in duplicated ?? [])
        {
            writer.WritePropertyName(column);
            Write(writer, value((T)row));
        }
        writer.WriteEndObject();
    }

    public override object Read(JsonElement columns) => columns.GetProperty("data").Deserialize(json)!;

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case DateTimeOffset instant:
                writer.WriteStringValue(Instant.Text(instant));
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            default:
                writer.WriteStringValue((string?)value);
                break;
        }
    }
}
