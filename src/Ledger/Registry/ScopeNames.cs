using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts.Registry;

namespace Ledger.Registry;

/// <summary>Scopes as the contract writes them.</summary>
internal static class ScopeNames
{
    private static readonly JsonSerializerOptions s_words = new() { Converters = { new JsonStringEnumConverter<Scope>() } };

    /// <summary>Such as <c>Delete Conversations</c>.</summary>
    public static string Of(Scope scope) => JsonSerializer.SerializeToElement(scope, s_words).GetString()!;
}
