using System.Text.Json.Serialization;
using Ledger.Contracts;

namespace Ledger.Execution;

/// <summary>The progress of resolving a job's list. It holds enough to go on after a crash as if there had been none.</summary>
/// <param name="From">The lower bound that is applied. Null for a request by ids.</param>
/// <param name="RetainedFrom">Conversations that started earlier are out of retention. Null if none are.</param>
/// <param name="AfterKey">Conversations up to this key are in the manifest.</param>
/// <param name="LastKey">Conversations after this key are not on the list: they came later.</param>
/// <param name="Rows">Number of manifest rows written.</param>
public sealed record ListCursor(DateTimeOffset? From, DateTimeOffset? RetainedFrom, long AfterKey, long LastKey, int Rows);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(ListCursor))]
internal sealed partial class ListCursorJson : JsonSerializerContext;
