using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ledger.Projections.Status;

/// <summary>The status document as it is sent: the stored members with their values, in the order of the published sample.</summary>
/// <remarks>
/// PostgreSQL keeps members of <c>jsonb</c> in an order of its own. Values are copied and never read, so a document that is wrong is sent
/// as it is. Members that this version does not know, such as those of a newer node, come last.
/// </remarks>
public static class StatusText
{
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="stored">The document as it is stored in <c>mt_doc_jobstatus</c>.</param>
    public static string Of(string stored)
    {
        using var document = JsonDocument.Parse(stored);
        var text = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(text, s_readable))
            Write(json, document.RootElement, DocumentJson.Default.JobStatus);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, JsonElement value, JsonTypeInfo type)
    {
        if (value.ValueKind != JsonValueKind.Object || type.Kind != JsonTypeInfoKind.Object)
        {
            value.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        foreach (var member in type.Properties)
        {
            if (!value.TryGetProperty(member.Name, out var known))
                continue;
            json.WritePropertyName(member.Name);
            Write(json, known, type.Options.GetTypeInfo(member.PropertyType));
        }
        foreach (var unknown in value.EnumerateObject().Where(one => type.Properties.All(member => member.Name != one.Name)))
            unknown.WriteTo(json);
        json.WriteEndObject();
    }
}
