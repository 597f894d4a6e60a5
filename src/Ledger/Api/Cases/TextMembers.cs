using System.Text.Json;
using Ledger.Web;

namespace Ledger.Api.Cases;

/// <summary>
/// Reads an object whose members are all texts, by the rules of a submission: see <see cref="DeletionRequestParser"/>. A member that is
/// null is as if absent.
/// </summary>
internal static class TextMembers
{
    /// <param name="reader">At the object's beginning. Left at its end.</param>
    /// <param name="names">The known members.</param>
    /// <param name="within">The beginning of what a problem calls a member, such as <c>case.</c>.</param>
    /// <param name="problems">Receives the problems.</param>
    /// <returns>
    /// By name, the members that are there. A value is null if it is no text. The second is true if a problem was found with the names.
    /// </returns>
    public static (Dictionary<string, string?> Members, bool IsBroken) Read(
        ref Utf8JsonReader reader, string[] names, string within, ProblemList problems)
    {
        var (members, seen) = (new Dictionary<string, string?>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var isBroken = false;
        for (var position = 1; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; position++)
        {
            var name = DeletionRequestMembers.TextOf(ref reader);
            reader.Read();
            var problem = name is null || !names.Contains(name) ? Unknown(name, position, names, within)
                : !seen.Add(name) ? $"{within}{name} is there more than once"
                : null;
            isBroken |= problem is not null;
            if (problem is not null)
                problems.Add(problem);
            else if (reader.TokenType != JsonTokenType.Null)
                members[name!] = reader.TokenType == JsonTokenType.String ? DeletionRequestMembers.TextOf(ref reader) : null;
            reader.Skip();
        }
        return (members, isBroken);
    }

    private static string Unknown(string? name, int position, string[] names, string within)
    {
        var known = names.FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
        return known is null
            ? $"{within}member {position} is unknown: only {string.Join(", ", names[..^1])} and {names[^1]} are known"
            : $"{within}member {position} is {known} in another letter case: write {known}";
    }
}
