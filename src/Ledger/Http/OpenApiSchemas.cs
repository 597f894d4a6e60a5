using Microsoft.OpenApi;

namespace Ledger.Http;

/// <summary>The bodies of the API as <c>/openapi/v1.json</c> shows them.</summary>
internal static class OpenApiSchemas
{
    public static IReadOnlyDictionary<string, OpenApiSchema> All { get; } = new Dictionary<string, OpenApiSchema>
    {
        ["DeletionRequest"] = new() { OneOf = [ById(), ByChannelUser()] },
        ["Accepted"] = Object(("status", OneOf("queued")), ("jobId", Text("cdj- and a version-5 UUID.")), ("message", Text()), ("submittedAt", Instant())),
        ["JobStatus"] = JobStatus(),
        ["JobList"] = Object(("jobs", ListOf(JobStatus())), ("next", Nullable(Text("Cursor of the next page; null on the last.")))),
        ["Outcomes"] = Object(("jobId", Text()), ("outcomes", ListOf(Outcome())), ("next", Nullable(Count("Send it as `after`; null on the last page.")))),
        ["ChangeLogs"] = ListOf(ChangeLogEntry()),
        ["Events"] = ListOf(Object(
            ("version", Count()), ("type", Text()), ("at", Instant()), ("data", new OpenApiSchema { Type = JsonSchemaType.Object, Description = "The event as it is recorded." }))),
        ["ConversationProofRequest"] = Object(("conversationId", Identifier())),
        ["Errors"] = Object(("errors", ListOf(Object(("msg", Text("What is wrong and what to do.")), ("code", Count()))))),
        ["Health"] = Object(("status", OneOf("live", "ready"))),
    };

    private static OpenApiSchema ById()
    {
        var ids = ListOf(Identifier());
        (ids.MinItems, ids.MaxItems) = (1, Contracts.Limits.ConversationIdsPerRequest);
        ids.Description = "Conversations to delete. With them, dates are ignored.";
        var schema = Object(("conversationIds", ids));
        schema.Title = "by id";
        return schema;
    }

    private static OpenApiSchema ByChannelUser()
    {
        var schema = Object(("cId", Identifier()),
            ("startDate", Nullable(Text("Inclusive: YYYY-MM-DD, or an instant with Z or an offset. By default the later of the user's and the bot's creation."))),
            ("endDate", Nullable(Text("Inclusive: YYYY-MM-DD, or an instant with Z or an offset. By default today in UTC; never a later day."))));
        schema.Title = "by channel user";
        schema.Required = new HashSet<string> { "cId" };
        return schema;
    }

    private static OpenApiSchema JobStatus() => Object(
        ("jobId", Text()),
        ("status", OneOf("queued", "completed", "failed", "cancelled")),
        ("phase", OneOf("waiting", "running", "retrying", "paused", "done")),
        ("requestType", OneOf("conversationIds", "cId")),
        ("submittedAt", Instant()),
        ("scheduledAt", Nullable(Instant())),
        ("startedAt", Nullable(Instant())),
        ("completedAt", Nullable(Instant())),
        ("result", Object(
            ("totalConversations", Count()), ("processedCount", Count()), ("deletedCount", Count()), ("failedCount", Count()),
            ("skippedCount", Count()), ("retriesRemaining", Count()),
            ("deletedItems", Object(("messages", Count()), ("transcripts", Count()), ("recordings", Count()), ("attachments", Count()), ("logs", Count()))),
            ("skipped", new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Count(), Description = "Count by reason." }))));

    private static OpenApiSchema Outcome() => Object(
        ("ordinal", Count()),
        ("conversationId", Nullable(Text("Null once the job's key is gone."))),
        ("outcome", OneOf("deleted", "failed", "skipped", "pending")),
        ("reason", Nullable(Text())));

    private static OpenApiSchema ChangeLogEntry()
    {
        string[] unknown = ["firstName", "lastName", "emailId", "activationStatus", "profColour", "profImage", "_id", "orgId"];
        var detail = Object(("type", Text("The event's type; `outcomes` for those of one batch.")), ("firstVersion", Count()), ("lastVersion", Count("Inclusive.")),
            ("leaves", Object(("first", Count()), ("end", Count("Exclusive.")))));
        detail.Description = "And what its type has: with a job's entries its status document can be recomputed.";
        return Object(
            ("_id", Text("btl- and a UUID; survives a rebuild.")), ("userId", Object([("id", Text("The API client.")), .. unknown.Select(name => (name, Text()))])), ("streamId", Text("The bot.")),
            ("resourceId", Text("The job, or the bot.")), ("resourceType", OneOf("conversationDeletionJob", "bot")), ("message", Text()), ("createdOn", Instant()), ("__v", Count()), ("detail", detail));
    }

    private static OpenApiSchema Object(params (string Name, OpenApiSchema Schema)[] members) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = members.ToDictionary(member => member.Name, member => (IOpenApiSchema)member.Schema),
        Required = members.Select(member => member.Name).ToHashSet(),
    };

    private static OpenApiSchema ListOf(OpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    private static OpenApiSchema Text(string? description = null) => new() { Type = JsonSchemaType.String, Description = description };

    private static OpenApiSchema Instant() => new() { Type = JsonSchemaType.String, Format = "date-time", Description = "UTC, milliseconds, Z." };

    private static OpenApiSchema Count(string? description = null) =>
        new() { Type = JsonSchemaType.Integer, Format = "int64", Description = description };

    private static OpenApiSchema Identifier() =>
        new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = Contracts.Limits.IdentifierCharacters };

    private static OpenApiSchema OneOf(params string[] values) =>
        new() { Type = JsonSchemaType.String, Enum = [.. values.Select(value => System.Text.Json.Nodes.JsonValue.Create(value)!)] };

    private static OpenApiSchema Nullable(OpenApiSchema schema)
    {
        schema.Type |= JsonSchemaType.Null;
        return schema;
    }
}
