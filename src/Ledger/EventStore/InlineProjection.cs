using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;
using Marten;

namespace Ledger.EventStore;

/// <summary>
/// A document that Marten writes in the transaction of the events that it follows from, one for each stream of one type. What audits and
/// rebuilds it knows no more of it than this: another one is another entry in <see cref="All"/>.
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

    /// <summary>The duplicated columns of <see cref="LegalHold"/>.</summary>
    private static readonly (string Column, Func<LegalHold, object?> Value)[] s_holdColumns =
    [
        ("bot", hold => hold.Bot), ("placed_at", hold => hold.PlacedAt), ("status", hold => hold.StatusName), ("until", hold => hold.Until),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<InlineProjection> All { get; } =
    [
        new DocumentProjection<JobStatus>(
            StreamIds.JobType, DocumentJson.Default.JobStatus,
            (status, id, @event, _, at) => JobStatusFold.Apply(status, new JobId(id), (JobEvent)@event, at), id => new JobId(id)),
        new DocumentProjection<Job>(
            StreamIds.JobType, DocumentJson.Default.Job,
            (job, id, @event, version, at) => JobFold.Apply(job, new JobId(id), (JobEvent)@event, version, at), id => new JobId(id),
            s_jobColumns),
        new DocumentProjection<Bot>(
            StreamIds.BotType, DocumentJson.Default.Bot, (bot, _, @event, _, _) => BotFold.Apply(bot, (RegistryEvent)@event), id => id),
        new DocumentProjection<ApiClient>(
            StreamIds.ClientType, DocumentJson.Default.ApiClient,
            (client, _, @event, _, _) => ApiClientFold.Apply(client, (RegistryEvent)@event), id => id),
        new DocumentProjection<DeletionWindow>(
            StreamIds.WindowType, DocumentJson.Default.DeletionWindow,
            (window, _, @event, _, _) => DeletionWindowFold.Apply(window, (RegistryEvent)@event), id => id),
        new DocumentProjection<LegalHold>(
            StreamIds.HoldType, DocumentJson.Default.LegalHold,
            (hold, _, @event, _, at) => LegalHoldFold.Apply(hold, (RegistryEvent)@event, at), id => id, s_holdColumns),
    ];

    private static readonly ILookup<string, InlineProjection> ByStreamType = All.ToLookup(
        projection => projection.StreamType, StringComparer.Ordinal);

    private protected InlineProjection(string streamType, string table, IReadOnlyList<string> compared) =>
        (StreamType, Table, Compared) = (streamType, table, compared);

    /// <summary>The type of the streams.</summary>
    public string StreamType { get; }

    /// <summary>The table with its schema. The stream's id is its key, <c>id</c>.</summary>
    public string Table { get; }

    /// <summary>The columns beside the key, all of which must be the fold of the stream's events.</summary>
    public IReadOnlyList<string> Compared { get; }

    /// <summary>The projections of a stream; none for a type that has none.</summary>
    public static IReadOnlyList<InlineProjection> Of(string? streamType) => streamType is null ? [] : [.. ByStreamType[streamType]];

    /// <summary>The row after one more event.</summary>
    /// <param name="row">Null before the stream's first event.</param>
    /// <exception cref="InvalidOperationException">The event cannot come here.</exception>
    public abstract object Apply(object? row, Guid stream, object @event, long version, DateTimeOffset at);

    /// <summary>Writes the row as a JSON object whose members are the table's columns.</summary>
    /// <param name="json">The writer that receives the object.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="version">The stream's version that it is of.</param>
    /// <param name="row">The document.</param>
    public abstract void Write(Utf8JsonWriter json, Guid stream, long version, object row);

    /// <summary>Has the session delete the document of a stream.</summary>
    public abstract void Delete(IDocumentOperations session, Guid stream);

    /// <summary>Has the session store the document, and no other of the stream, whatever is there.</summary>
    /// <param name="session">Saves it.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="version">The stream's version that it is of.</param>
    /// <param name="row">The document.</param>
    public abstract void Replace(IDocumentOperations session, Guid stream, long version, object row);
}

/// <summary>A document in one of Marten's tables.</summary>
internal sealed class DocumentProjection<T>(
    string streamType, JsonTypeInfo<T> json, Func<T?, Guid, object, long, DateTimeOffset, T> apply, Func<Guid, object> identity,
    IReadOnlyList<(string Column, Func<T, object?> Value)>? duplicated = null)
    : InlineProjection(
        streamType, Documents.Table<T>(), ["data", "mt_version", "mt_dotnet_type", .. (duplicated ?? []).Select(one => one.Column)])
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

    public override void Delete(IDocumentOperations session, Guid stream) => session.Delete<T>(identity(stream));

    public override void Replace(IDocumentOperations session, Guid stream, long version, object row)
    {
        // What is there could be of a later revision, and Marten would keep it.
        Delete(session, stream);
        session.UpdateRevision((T)row, version);
    }

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case DateTimeOffset instant when instant == DateTimeOffset.MinValue:
                // What is not known yet: so the driver writes it.
                writer.WriteStringValue("-infinity");
                break;
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
