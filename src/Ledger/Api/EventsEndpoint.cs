using System.Buffers;
using System.ComponentModel;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Api.Reference;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Registry;
using Ledger.Web;
using Ledger.Web.Tokens;
using Npgsql;
using Microsoft.Net.Http.Headers;

namespace Ledger.Api;

/// <summary>
/// <c>GET …/{jobId}/events?asOf=</c>: the job's stream up to a moment, with the raw ids that its events stand for while the job's key lives
/// (contract §6). The answer is a JSON array, or NDJSON for a client that prefers it. It is written while it is read, so memory does not
/// grow with the job.
/// </summary>
internal static class EventsEndpoint
{
    private const string Json = "application/json", NdJson = "application/x-ndjson";

    internal static readonly ErrorAnswer NotAcceptable = new(406, $"the events are {Json} or {NdJson}: name one of them in Accept");

    /// <summary>The description of the disclosed data in a disclosure's record.</summary>
    private const string Disclosed = "events of the job";

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Map(RouteGroupBuilder deletions) => deletions.MapGet("/{jobId}/events", EventsAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(Scope.LedgerAudit))
        .WithName("listDeletionJobEvents")
        .Describe(HistoryOperations.Events);

    private static async Task<IResult> EventsAsync(HttpContext context, NpgsqlDataSource database, KeyFolder keys, RegistryStore registry)
    {
        var (caller, cancel) = (Caller.Of(context), context.RequestAborted);
        if (!JobId.TryParse(BotPath.JobId(context), out var job))
            return Refusals.UnknownJob;
        var query = new QueryParameters(context.Request, "asOf");
        var asOf = query.Text("asOf") is { } text ? AsOf.Parse(text) : null;
        if (asOf is null && query.Text("asOf") is not null)
            query.Add($"asOf {AsOf.Rule}");
        if (query.Problems.Count > 0)
            return query.Refusal();
        if (Accepted.Of(context.Request, Json, NdJson) is not { } type)
            return NotAcceptable;
        if (await JobReplay.FindAsync(database, job, asOf, cancel) is not var (replay, rejection) || replay.Bot != caller.Bot.BotId)
            return Refusals.UnknownJob;
        if (rejection is not null)
            return new ErrorAnswer(400, $"asOf: {rejection.Message}");

        var key = replay.Secrets is { } secrets ? keys.OpenJobKey(job, secrets.Epoch, secrets.WrappedKey) : null;
        if (key is not null)
            await Disclosure.RecordAsync(registry, context, job, Disclosed);
        var identifiers = key is null ? null : new JobIdentifiers(database, replay, key);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Vary = HeaderNames.Accept;
        return HeadRequests.Streamed(
            context, body => WriteAsync(body, replay.ReadAsync(database, cancel), identifiers, type == NdJson, cancel), type);
    }

    private static async Task WriteAsync(
        Stream body, IAsyncEnumerable<StoredEvent> events, JobIdentifiers? identifiers, bool isNdJson, CancellationToken cancel)
    {
        var (begin, between, end) = isNdJson ? ("", "\n", "\n") : ("[\n", ",\n", "\n]\n");
        var buffer = new ArrayBufferWriter<byte>(4096);
        await using var json = new Utf8JsonWriter(buffer, Readable);
        var before = begin;
        await foreach (var stored in events)
        {
            Encoding.ASCII.GetBytes(before, buffer);
            before = between;
            await WriteAsync(json, stored, identifiers, cancel);
            await body.WriteAsync(buffer.WrittenMemory, cancel);
            buffer.ResetWrittenCount();
        }
        Encoding.ASCII.GetBytes(end, buffer);
        await body.WriteAsync(buffer.WrittenMemory, cancel);
    }

    private static async Task WriteAsync(Utf8JsonWriter json, StoredEvent stored, JobIdentifiers? identifiers, CancellationToken cancel)
    {
        var disclosed = identifiers is null ? null : await DisclosedAsync(stored, identifiers, cancel);
        var shown = new ShownEvent(stored.Version, stored.Type, stored.At, stored.Data, disclosed);
        JsonSerializer.Serialize(json, shown, ApiJson.Readable.ShownEvent);
        json.Reset();
    }

    /// <summary>The event. Null if this version cannot read it: it then names nothing to disclose, and is shown as stored.</summary>
    private static object? Known(StoredEvent stored)
    {
        try
        {
            return EventType.Read(stored.Type, stored.Data);
        }
        catch (Exception e) when (e is NotSupportedException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The identifiers that the event stands for; null if there are none.</summary>
    private static async Task<DisclosedIdentifiers?> DisclosedAsync(
        StoredEvent stored, JobIdentifiers identifiers, CancellationToken cancel) =>
        Known(stored) switch
        {
            Submitted when identifiers.Request is DeletionRequest.ByChannelUser user => new() { CId = user.CId },
            Submitted => new() { ConversationIds = ((DeletionRequest.ByConversationIds)identifiers.Request).ConversationIds },
            JobEvent { OutcomeOrdinal: { } ordinal } => new() { ConversationId = await identifiers.ConversationAsync(ordinal, cancel) },
            _ => null,
        };
}

/// <summary>An event as it is stored, with the identifiers that it stands for.</summary>
internal sealed record ShownEvent(
    [property: Description("The event's version: its place in the job's stream, from 1.")] long Version,
    [property: Description("The event's type, such as `conversation_deleted`.")] string Type,
    [property: Description("When it was recorded.")] DateTimeOffset At,
    [property: Description("The event as it is recorded and logged: commitments in place of identifiers.")]
    [property: JsonConverter(typeof(StoredDataConverter))]
    string Data,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DisclosedIdentifiers? Disclosed);

[Description("The identifiers that its commitments stand for, while the job's key lives.")]
internal sealed record DisclosedIdentifiers
{
    [Description("Of `submitted`, by channel user.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CId { get; init; }

    [Description("Of `submitted`, by conversation ids.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ConversationIds { get; init; }

    [Description("Of a conversation's outcome.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ConversationId { get; init; }

    /// <summary>The type's name only: the members are personal data.</summary>
    public override string ToString() => nameof(DisclosedIdentifiers);
}
