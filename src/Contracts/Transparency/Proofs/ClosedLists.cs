using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// The lists from which a job's events name a value. A newer ledger's lists may be longer: a name that is on none of them is not wrong, but
/// unknown.
/// </summary>
internal static class ClosedLists
{
    private static readonly string[] s_skipReasons = Names(LedgerJson.Facts.SkipReason);
    private static readonly string[] s_kinds = [.. LedgerJson.Facts.ItemCounts.Properties.Select(property => property.Name)];

    /// <summary>By event type and member, in the order of their names: the names that this version knows.</summary>
    private static readonly Dictionary<string, (string Member, string[] Names)[]> s_lists = new(StringComparer.Ordinal)
    {
        ["submitted"] = [("requestType", Names(LedgerJson.Facts.RequestType))],
        ["case_recorded"] = [("basis", Names(LedgerJson.Facts.CaseBasis))],
        ["scheduled"] = [("reason", Names(LedgerJson.Facts.ScheduleReason))],
        ["conversation_deleted"] = [("items", s_kinds)],
        ["conversation_skipped"] = [("reason", s_skipReasons)],
        ["failed"] = [("reason", Names(LedgerJson.Facts.FailureReason))],
        ["completed"] = [("items", s_kinds), ("outcome", Names(LedgerJson.Facts.JobOutcome)), ("skipped", s_skipReasons)],
    };

    /// <summary>Takes the names that are not known out of an event's data, so that the rest can be read as strictly as always.</summary>
    /// <returns>The unknown names and their places. Empty if all are known.</returns>
    public static IReadOnlyList<string> TakeUnknown(string type, JsonObject data)
    {
        var unknown = new List<string>();
        foreach (var (member, names) in s_lists.GetValueOrDefault(type, []))
            unknown.AddRange(TakeUnknown(data, member, names).Select(name => $"the value {Plain(name)} of '{type}.{member}'"));
        return unknown;
    }

    private static List<string> TakeUnknown(JsonObject data, string member, string[] names)
    {
        switch (data[member])
        {
            case JsonValue value when value.GetValueKind() == JsonValueKind.String && !names.Contains(value.GetValue<string>()):
                data[member] = names[0];
                return [value.GetValue<string>()];
            case JsonObject counts:
                var unknown = counts
                    .Where(count => !names.Contains(count.Key) && IsCount(count.Value, member))
                    .Select(one => one.Key)
                    .ToList();
                unknown.ForEach(name => counts.Remove(name));
                return unknown;
            default:
                return [];
        }
    }

    /// <summary>True if the value can be a count of this member: an integer, and never below 0 for <c>items</c>.</summary>
    private static bool IsCount(JsonNode? count, string member) => count is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        && value.TryGetValue<long>(out var number) && (number >= 0 || member != "items");

    /// <summary>A name that can be taken for nothing else, in quotes: it is somebody else's text.</summary>
    public static string Plain(string name) =>
        name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? $"'{name}'" : "(not a plain name)";

    private static string[] Names<T>(JsonTypeInfo<T> list)
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(value => JsonSerializer.SerializeToElement(value, list).GetString()!)];
}
