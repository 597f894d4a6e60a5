using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts;

namespace Ledger.Certificates;

/// <summary>The JSON form of certificates. Every member is always there; it is <c>null</c> where it does not apply.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = true,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(Certificate))]
internal sealed partial class CertificateJson : JsonSerializerContext
{
    /// <summary>The context to use. Without escapes that JSON does not need: people read it too. It is never part of a page.</summary>
    public static CertificateJson Readable =>
        s_readable ??= new CertificateJson(
            new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static CertificateJson? s_readable;

    public static byte[] Write(Certificate certificate) => JsonSerializer.SerializeToUtf8Bytes(certificate, Readable.Certificate);
}
