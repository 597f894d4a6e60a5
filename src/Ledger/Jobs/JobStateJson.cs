using System.Text.Json.Serialization;
using Ledger.Contracts;

namespace Ledger.Jobs;

/// <summary>How the queue keeps a job's state.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(Job))]
internal sealed partial class JobStateJson : JsonSerializerContext;
