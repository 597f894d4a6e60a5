using System.Text.Json.Serialization;
using Ledger.Contracts;

namespace Ledger.Execution;

/// <summary>How far the resolution of a job's list has come: enough to go on after a crash as if there had been none.</summary>
/// <param name="From">The lower bound that is applied; null for a request by ids.</param>
/// <param name="RetainedFrom">What started earlier is out of retention; null: nothing is.</param>
/// <param name="AfterKey">Conversations up to this key are in the manifest.</param>
/// <param name="LastKey">What came after this key is not swept up.</param>
/// <param name="Rows">Manifest rows written.</param>
public sealed record ListCursor(DateTimeOffset? From, DateTimeOffset? RetainedFrom, long AfterKey, long LastKey, int Rows);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(ListCursor))]
internal sealed partial class ListCursorJson : JsonSerializerContext;
