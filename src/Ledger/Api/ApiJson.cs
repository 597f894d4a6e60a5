using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Api.LegalHolds;
using Ledger.Contracts;
using Ledger.Jobs;

namespace Ledger.Api;

/// <summary>The JSON form of the API's own bodies. Every member is always there, unless its type says otherwise.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    Converters = [typeof(InstantConverter), typeof(ListedJobConverter)])]
[JsonSerializable(typeof(QueuedJob))]
[JsonSerializable(typeof(Preview))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(OutcomePage))]
[JsonSerializable(typeof(HoldPage))]
[JsonSerializable(typeof(HoldDetail))]
[JsonSerializable(typeof(IReadOnlyList<ShownEvent>))]
[JsonSerializable(typeof(Live))]
[JsonSerializable(typeof(Ready))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>The context without the escapes that JSON does not need. People read this JSON too.</summary>
    public static ApiJson Readable =>
        s_readable ??= new ApiJson(
            new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static ApiJson? s_readable;
}

/// <summary>Writes a job as its status document, as it is.</summary>
internal sealed class ListedJobConverter : JsonConverter<ListedJob>
{
    public override ListedJob Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("a list of jobs is only written");

    public override void Write(Utf8JsonWriter writer, ListedJob value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Json, skipInputValidation: true);
}

/// <summary>Writes an event's data unchanged, as it is stored.</summary>
internal sealed class StoredDataConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("events are only written");

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteRawValue(value);
}
