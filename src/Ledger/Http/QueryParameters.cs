namespace Ledger.Http;

/// <summary>The query of a list: only known parameters, each at most once. An empty value means absent.</summary>
internal sealed class QueryParameters
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public QueryParameters(IQueryCollection query, params ReadOnlySpan<string> known)
    {
        var position = 0;
        foreach (var (name, values) in query)
        {
            position++;
            if (!known.Contains(name))
                Problems.Add($"query parameter {position} is unknown: only {string.Join(", ", known!)} are known");
            else if (values.Count != 1)
                Problems.Add($"{name} is there more than once");
            else if (values[0] is { Length: > 0 } value)
                _values[name] = value;
        }
    }

    public List<string> Problems { get; } = [];

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public string? OneOf(string name, params ReadOnlySpan<string> allowed)
    {
        var value = Text(name);
        if (value is null || allowed.Contains(value))
            return value;
        Problems.Add($"{name} must be one of {string.Join(", ", allowed!)}");
        return null;
    }

    public long Number(string name, long from, long to, long absent)
    {
        var value = Text(name);
        if (value is null)
            return absent;
        if (long.TryParse(value, System.Globalization.NumberStyles.None, null, out var number) && number >= from && number <= to)
            return number;
        Problems.Add(to == long.MaxValue ? $"{name} must be a whole number from {from} on" : $"{name} must be a whole number from {from} to {to}");
        return absent;
    }

    public ErrorAnswer Refusal() => new(400, 400, Problems);
}
