using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts;
using Ledger.Jobs;

namespace Ledger.Api;

/// <summary>How the API's own bodies are written: every member always there, unless it says otherwise.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    Converters = [typeof(InstantConverter), typeof(ListedJobConverter)])]
[JsonSerializable(typeof(QueuedJob))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(OutcomePage))]
[JsonSerializable(typeof(IReadOnlyList<ShownEvent>))]
[JsonSerializable(typeof(Live))]
[JsonSerializable(typeof(Ready))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Without escapes that JSON does not need: people read it too.</summary>
    public static ApiJson Readable =>
        s_readable ??= new ApiJson(
            new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static ApiJson? s_readable;
}

/// <summary>A job as its stored status document, which goes out as it is.</summary>
internal sealed class ListedJobConverter : JsonConverter<ListedJob>
{
    public override ListedJob Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("a list of jobs is only written");

    public override void Write(Utf8JsonWriter writer, ListedJob value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Json, skipInputValidation: true);
}

/// <summary>An event's data as it is stored, which goes out as it is.</summary>
internal sealed class StoredDataConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("events are only written");

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteRawValue(value);
}
