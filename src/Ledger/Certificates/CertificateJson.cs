using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts;

namespace Ledger.Certificates;

/// <summary>How certificates are written: every member always there, <c>null</c> where it does not apply.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = true,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(Certificate))]
internal sealed partial class CertificateJson : JsonSerializerContext
{
    public static byte[] Write(Certificate certificate) => JsonSerializer.SerializeToUtf8Bytes(certificate, Readable.Json.Certificate);

    /// <summary>Without escapes that JSON does not need: people read it too. It is never part of a page.</summary>
    private static class Readable
    {
        public static readonly CertificateJson Json = new(
            new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }
}
