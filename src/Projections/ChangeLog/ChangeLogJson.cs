using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts;

namespace Ledger.Projections.ChangeLog;

/// <summary>The JSON form of entries. It is that of facts, so members that do not apply are omitted.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(IReadOnlyList<ChangeLogEntry>))]
[JsonSerializable(typeof(BatchOutcomes))]
public sealed partial class ChangeLogJson : JsonSerializerContext
{
    /// <summary>The context to use. Quotes in messages are written as \" and not as \u0022: people read them.</summary>
    public static ChangeLogJson Readable =>
        s_readable ??= new ChangeLogJson(
            new JsonSerializerOptions(new ChangeLogJson().GeneratedSerializerOptions!)
            {
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );

    private static ChangeLogJson? s_readable;
}
