using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
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

namespace Ledger.Api;

/// <summary>
/// <c>GET …/{jobId}/events?asOf=</c>: the job's stream up to a moment, with the raw ids that its events stand for while the job's key
/// lives (contract §6). NDJSON for who accepts it, else a JSON array; written as it is read, so memory does not grow with the job.
/// </summary>
internal static class EventsEndpoint
{
    private const string NdJson = "application/x-ndjson";

    /// <summary>What a disclosure's record says was handed out.</summary>
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
        if (await JobReplay.FindAsync(database, job, asOf, cancel) is not var (replay, rejection) || replay.Bot != caller.Bot.BotId)
            return Refusals.UnknownJob;
        if (rejection is not null)
            return new ErrorAnswer(400, $"asOf: {rejection.Message}");

        var key = replay.Secrets is { } secrets ? keys.OpenJobKey(job, secrets.Epoch, secrets.WrappedKey) : null;
        if (key is not null)
            await Disclosure.RecordAsync(registry, caller, job, Disclosed, cancel);
        var identifiers = key is null ? null : new JobIdentifiers(database, replay, key);
        context.Response.Headers.CacheControl = "no-store";
        var isNdJson = context
            .Request.GetTypedHeaders()
            .Accept.Any(accept => accept.MediaType.Equals(NdJson, StringComparison.OrdinalIgnoreCase));
        return TypedResults.Stream(
            body => WriteAsync(body, replay.ReadAsync(database, cancel), identifiers, isNdJson, cancel),
            isNdJson ? NdJson : "application/json");
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
        json.WriteStartObject();
        json.WriteNumber("version", stored.Version);
        json.WriteString("type", stored.Type);
        json.WriteString("at", Instant.Text(stored.At));
        json.WritePropertyName("data");
        json.WriteRawValue(stored.Data);
        if (identifiers is not null && Known(stored) is { } @event)
            await DiscloseAsync(json, @event, identifiers, cancel);
        json.WriteEndObject();
        await json.FlushAsync(cancel);
        json.Reset();
    }

    /// <summary>The event; null: this version cannot read it, and so it names nothing to disclose. It is shown as stored.</summary>
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

    private static async Task DiscloseAsync(Utf8JsonWriter json, object @event, JobIdentifiers identifiers, CancellationToken cancel)
    {
        if (@event is Submitted)
        {
            json.WriteStartObject("disclosed");
            Write(json, identifiers.Request);
            json.WriteEndObject();
        }
        else if (@event is JobEvent { OutcomeOrdinal: { } ordinal })
        {
            json.WriteStartObject("disclosed");
            json.WriteString("conversationId", await identifiers.ConversationAsync(ordinal, cancel));
            json.WriteEndObject();
        }
    }

    private static void Write(Utf8JsonWriter json, DeletionRequest request)
    {
        if (request is DeletionRequest.ByChannelUser user)
        {
            json.WriteString("cId", user.CId);
            return;
        }
        json.WriteStartArray("conversationIds");
        foreach (var id in ((DeletionRequest.ByConversationIds)request).ConversationIds)
            json.WriteStringValue(id);
        json.WriteEndArray();
    }
}
