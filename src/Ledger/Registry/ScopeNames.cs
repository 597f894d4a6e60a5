using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts.Registry;

namespace Ledger.Registry;

/// <summary>Scopes as the contract writes them.</summary>
internal static class ScopeNames
{
    private static readonly JsonSerializerOptions s_words = new() { Converters = { new JsonStringEnumConverter<Scope>() } };

    /// <summary>The name of a scope, such as <c>Delete Conversations</c>.</summary>
    public static string Of(Scope scope) => JsonSerializer.SerializeToElement(scope, s_words).GetString()!;
}
