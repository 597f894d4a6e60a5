using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// A report as a program reads it: <c>{"holds":true,"verdict":"holds","job":{…}}</c>, the same with <c>conversation</c>, or
/// <c>{"holds":false,"verdict":"doesNotHold","problem":"…"}</c>, or the same with <c>notProven</c>.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true, WriteIndented = true, Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(Verdict))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    // Made when first used: the generated part's own static fields may come after this one.
    private static ReportJson? s_readable;

    private static ReportJson Readable =>
        s_readable ??= new ReportJson(
            new JsonSerializerOptions(new ReportJson().GeneratedSerializerOptions!)
            {
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );

    public const string Holds = "holds", DoesNotHold = "doesNotHold", NotProven = "notProven";

    public static string Text(ErasureReport report) =>
        Text(new Verdict(true, Holds, null, report as JobReport, report as ConversationReport));

    /// <param name="verdict"><see cref="DoesNotHold"/> or <see cref="NotProven"/>.</param>
    /// <param name="problem">The thing that does not hold, or is not known.</param>
    public static string Text(string verdict, string problem) => Text(new Verdict(false, verdict, problem, null, null));

    private static string Text(Verdict verdict) => JsonSerializer.Serialize(verdict, Readable.Verdict);
}

/// <summary>See <see cref="ReportJson"/>. A member of its own for the verdict: <c>holds</c> alone has but two values.</summary>
internal sealed record Verdict(
    bool Holds, [property: JsonPropertyName("verdict")] string Name, string? Problem, JobReport? Job, ConversationReport? Conversation);
