using System.Text.Json.Serialization;
using Ledger.Contracts;
using Ledger.Projections.Jobs;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;

namespace Ledger.Projections;

/// <summary>
/// The JSON form of documents. It is that of facts, but with <c>null</c> for things that are not true yet. So a client always finds every
/// member.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(JobStatus))]
[JsonSerializable(typeof(ShownCase))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(Bot))]
[JsonSerializable(typeof(ApiClient))]
[JsonSerializable(typeof(DeletionWindow))]
[JsonSerializable(typeof(LegalHold))]
public sealed partial class DocumentJson : JsonSerializerContext;
