using Microsoft.OpenApi;
using static Ledger.Api.Reference.Schema;

namespace Ledger.Api.Reference;

/// <summary>
/// The certificate of erasure as JSON, <c>erasure-certificate/v1</c>: see <see cref="Certificates.Certificate"/>, whose members these are.
/// </summary>
internal static class CertificateSchema
{
    public static OpenApiSchema Certificate() =>
        Object(
            ("format", OneOf("This version of it.", "erasure-certificate/v1")),
            ("job", JobId()),
            ("conclusion", OneOf("What became of it.", "erased", "partlyErased", "nothingErased", "notCompleted")),
            ("headline", Text("The same in a sentence.")),
            ("outcome", OneOf("How the job ended.", "completed", "failed", "cancelled")),
            ("issuedAt", Instant("When this certificate was made.")),
            ("request", Request()),
            (
                "instants",
                Object(
                    ("submittedAt", Instant("")), ("startedAt", Nullable(Instant("When the list was fixed."))),
                    ("firstErasedAt", Nullable(Instant(""))), ("lastErasedAt", Nullable(Instant(""))), ("endedAt", Instant("")))
            ),
            ("attempts", Count("The first and its retries.")),
            (
                "conversations",
                Object(("identified", Count()), ("erased", Count()), ("skipped", Count()), ("failed", Count()), ("untouched", Count()))),
            ("items", Items()),
            ("skipped", Skipped()),
            ("failed", Failures("Conversations that could not be erased, by the reason of the last attempt.")),
            ("failedAttempts", Failures("Attempts that failed as a whole, by reason.")),
            ("windows", ListOf(Window(), "Openings in which something was recorded.")),
            ("method", Object(("erasure", Text()), ("verification", Text()))),
            ("log", Log()),
            (
                "sanitization",
                Object(
                    ("standard", Text()),
                    (
                        "fields",
                        ListOf(Object(("section", Text()), ("field", Text()), ("value", Nullable(Text("Null: to be filled in by hand."))))))
                )
            ),
            ("notProven", ListOf(Text(), "What neither this nor the proof shows.")),
            (
                "verify",
                Object(
                    ("proof", Text("Where the proof is.")), ("page", Text("Where a browser checks it.")),
                    ("command", Text("What checks it offline.")))
            )
        );

    private static OpenApiSchema Request() => Object(
        ("client", Text("Who asked.")),
        ("bot", Text()),
        ("requestType", OneOf(null, "conversationIds", "cId")),
        ("conversationIds", Nullable(Count("How many were asked for; null for a request by channel user."))),
        ("from", Nullable(Instant("Inclusive."))),
        ("to", Nullable(Instant("Inclusive."))),
        ("retainedFrom", Nullable(Instant("Conversations that started earlier were out of retention."))));

    private static OpenApiSchema Window() =>
        Object(
            ("name", Text()), ("cron", Text()), ("timeZone", Text()), ("opens", Instant("Inclusive.")), ("closes", Instant("Exclusive.")),
            ("attempt", Count()),
            ("planned", OneOf("Why the job was planned into it.", "off_peak", "window_closed", "retry", "window_changed")),
            ("plannedAt", Instant("")), ("erased", Count()), ("skipped", Count()), ("failed", Count()), ("firstAt", Nullable(Instant(""))),
            ("lastAt", Nullable(Instant(""))));

    private static OpenApiSchema Log()
    {
        var range = Object(("first", Count()), ("end", Count("Exclusive.")));
        return Object(
            ("origin", Text("The log's name.")),
            ("key", Text("The key that signed, as a vkey.")),
            (
                "leaves",
                Object(("first", Count()), ("end", Count("Exclusive.")), ("events", Count()), ("runs", Count()), ("ranges", ListOf(range)))
            ),
            ("size", Count("Leaves that the checkpoint covers.")),
            ("root", Text("base64.")),
            ("signedAt", Instant("By the operator's clock.")),
            ("checkpoint", Text("The signed note.")),
            ("witnesses", ListOf(Object(("name", Text()), ("keyId", Text()), ("at", Nullable(Instant("By the witness's clock.")))))));
    }
}
