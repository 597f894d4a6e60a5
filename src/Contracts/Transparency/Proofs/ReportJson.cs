using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>A report as a program reads it: <c>{"holds":true,"job":{…}}</c>, <c>{"holds":true,"conversation":{…}}</c> or <c>{"holds":false,"problem":"…"}</c>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true, WriteIndented = true,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(Verdict))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    // Made when first used: the generated part's own static fields may come after this one.
    private static ReportJson? s_readable;

    private static ReportJson Readable => s_readable ??= new ReportJson(new JsonSerializerOptions(new ReportJson().GeneratedSerializerOptions!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static string Text(ErasureReport report) => JsonSerializer.Serialize(new Verdict(true, null, report as JobReport, report as ConversationReport), Readable.Verdict);

    /// <param name="problem">What does not hold.</param>
    public static string Text(string problem) => JsonSerializer.Serialize(new Verdict(false, problem, null, null), Readable.Verdict);
}

/// <summary>See <see cref="ReportJson"/>.</summary>
internal sealed record Verdict(bool Holds, string? Problem, JobReport? Job, ConversationReport? Conversation);
