using Ledger.Registry;
using Microsoft.OpenApi;
using static Ledger.Api.Reference.Schema;

namespace Ledger.Api.Reference;

/// <summary>The bodies of histories: change log entries (contract §3) and events.</summary>
internal static class HistorySchemas
{
    private static readonly string[] s_scopes = [.. Enum.GetValues<Contracts.Registry.Scope>().Select(ScopeNames.Of)];

    public static OpenApiSchema Entry()
    {
        string[] unknown = ["firstName", "lastName", "emailId", "activationStatus", "profColour", "profImage", "_id", "orgId"];
        var user = Object([
            ("id", Text("The API client; of a bot's own entries whoever changed it.")), .. unknown.Select(name => (name, Text())),
        ]);
        user.Description = "What is not known is empty.";
        return Object(
            ("_id", Text("The same for ever: send it as `fetchAfter`.", "^btl-[0-9a-f-]{36}$")),
            ("userId", user),
            ("streamId", Text("The bot: App or Stream ID.")),
            ("resourceId", Text("The job, or the bot.")),
            ("resourceType", OneOf(null, "conversationDeletionJob", "bot")),
            ("message", Text("What happened, in plain words; without identifiers of conversations or channel users.")),
            ("createdOn", Instant("When it was recorded.")),
            ("__v", Count()),
            ("detail", Detail()));
    }

    /// <summary>Only the first four members are always there.</summary>
    private static OpenApiSchema Detail()
    {
        var schema = Some(4,
            ("type", Text("The event's type; `outcomes` for those of one batch.")),
            ("firstVersion", Count("Of the resource's events.")),
            ("lastVersion", Count("Inclusive.")),
            ("leaves", Object(("first", Count("Its first leaf in the transparency log.")), ("end", Count("Exclusive.")))),
            ("requestType", OneOf("Of `submitted`.", "conversationIds", "cId")),
            ("plannedAt", Instant("Of `scheduled`.")),
            ("window", Window()),
            ("reason", OneOf("Of `scheduled`.", "off_peak", "window_closed", "retry", "window_changed")),
            (
                "failure",
                OneOf("Of `failed`: of a whole attempt.", "store_refused", "locked", "timeout", "not_confirmed", "list_unresolved")),
            ("retriesRemaining", Count("Of `failed`.")),
            ("attempt", Count("Of `scheduled`, `started` and `failed`.")),
            ("conversations", Count("Identified: of `started` and `completed`. Taken again: of `erased_conversations_imported`.")),
            ("outcome", OneOf("Of `completed`.", "completed", "failed", "cancelled")),
            ("deleted", Count("Of `outcomes`: in this entry. Of `completed`: in the whole job. So are the next three.")),
            ("failed", Count()),
            ("skipped", Skipped()),
            ("items", Items()),
            ("client", Text("Of `client_granted`, `grant_revoked` and `identifiers_disclosed`.")),
            ("scopes", ListOf(OneOf(null, s_scopes))),
            ("job", Text("Of `job_key_destroyed` and `identifiers_disclosed`.")),
            ("what", Text("Of `identifiers_disclosed`: in which form.")),
            ("settings", Some(1, ("window", Text()), ("retentionDays", Count()), ("keyRetentionDays", Count()))));
        schema.Description = "For programs: what its type has. With a job's entries its status document can be recomputed.";
        return schema;
    }

    public static OpenApiSchema Event()
    {
        var data = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "The event as it is recorded and logged: commitments in place of identifiers.",
        };
        var disclosed = Some(
            0, ("cId", Text("Of `submitted`.")), ("conversationIds", ListOf(Text(), "Of `submitted`.")),
            ("conversationId", Nullable(Text("Of a conversation's outcome."))));
        disclosed.Description = "The identifiers that its commitments stand for, while the job's key lives.";
        return Some(
            4, ("version", Count("From 1.")), ("type", Text()), ("at", Instant("When it was recorded.")), ("data", data),
            ("disclosed", disclosed));
    }

    private static OpenApiSchema Window() =>
        Object(
            ("name", Text()), ("cron", Text()), ("timeZone", Text()), ("opens", Instant("Inclusive.")), ("closes", Instant("Exclusive.")));
}
