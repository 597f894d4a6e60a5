using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace Ledger.Web;

/// <summary>
/// The query of a call. It takes only known parameters, in their own letter case, each at most once. An empty value means absent. The query
/// is read as it was sent, because the framework ignores the letter case of names.
/// </summary>
internal sealed class QueryParameters
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly ProblemList _problems = new();

    public QueryParameters(HttpRequest request, params ReadOnlySpan<string> known)
    {
        var position = 0;
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            position++;
            var (name, value) = (pair.DecodeName().ToString(), pair.DecodeValue().ToString());
            if (name.Length == 0)
                Add($"query parameter {position} has no name");
            else if (!known.Contains(name))
                Add($"query parameter {position} is unknown{Unknown(name, known)}");
            else if (!_seen.Add(name))
                Add($"{name} is there more than once");
            else if (value.Length > 0)
                _values[name] = value;
        }
    }

    public IReadOnlyList<string> Problems => _problems.Told;

    /// <summary>Adds a problem.</summary>
    public void Add(string problem) => _problems.Add(problem);

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public string? OneOf(string name, params ReadOnlySpan<string> allowed)
    {
        var value = Text(name);
        if (value is null || allowed.Contains(value))
            return value;
        Add($"{name} must be one of {string.Join(", ", allowed!)}");
        return null;
    }

    public long Number(string name, long from, long to, long absent)
    {
        var value = Text(name);
        if (value is null)
            return absent;
        // A number in .NET may end in NUL.
        if (value.All(char.IsAsciiDigit) && long.TryParse(value, NumberStyles.None, null, out var number) && number >= from && number <= to)
            return number;
        Add(to == long.MaxValue ? $"{name} must be a whole number from {from} on" : $"{name} must be a whole number from {from} to {to}");
        return absent;
    }

    public ErrorAnswer Refusal() => new(400, 400, Problems);

    /// <summary>The end of the message about an unknown name.</summary>
    private static string Unknown(string name, ReadOnlySpan<string> known)
    {
        foreach (var one in known)
        {
            if (string.Equals(one, name, StringComparison.OrdinalIgnoreCase))
                return $": it is {one} in another letter case";
        }
        var quoted = ProblemList.Quoted(name);
        return known.IsEmpty ? $"{quoted}: this call takes none" : $"{quoted}: only {string.Join(", ", known!)} are known";
    }
}
