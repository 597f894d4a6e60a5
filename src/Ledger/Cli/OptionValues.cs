using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Registry;

namespace Ledger.Cli;

/// <summary>Options whose values take some reading.</summary>
internal static class OptionValues
{
    public const string DurationRule = "must be a number and a unit: s, m, h or d, such as 90s, 10m, 8h";

    /// <summary>The option's value, else that of the environment variable; null: neither says anything.</summary>
    public static string? OrVariable(string? option, string variable) =>
        option ?? (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null);

    /// <summary><c>90s</c>, <c>10m</c>, <c>8h</c>, <c>2d</c></summary>
    public static Option<TimeSpan> Duration(string name, string description, string standard) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        DefaultValueFactory = _ => ReadDuration(standard)!.Value,
        CustomParser = result => Read(result, ReadDuration, $"{name} {DurationRule}") ?? TimeSpan.Zero,
    };

    /// <summary>
    /// <c>2026-05-04</c> (its first instant in UTC; its last millisecond where it ends a range) or <c>2026-05-04T08:00:00Z</c>
    /// </summary>
    public static Option<DateTimeOffset?> Instant(string name, string description, bool isStart = true) =>
        new(name)
        {
            Description = description,
            HelpName = "INSTANT",
            CustomParser = result =>
                Read(
                    result, text => SentInstant.Read(text, isStart),
                    $"{name} must be a date (2026-05-04, in UTC) or an instant with Z or an offset (2026-05-04T08:00:00Z)"),
        };

    /// <summary>Scopes as the contract writes them, in any letter case, also with hyphens or without spaces.</summary>
    public static Option<Scope[]> Scopes(string description, bool required = false) => new("--scope")
    {
        Description = $"{description} One of: {string.Join(", ", Enum.GetValues<Scope>().Select(ScopeNames.Of))}. Repeat it for several.",
        HelpName = "SCOPE",
        Required = required,
        // A default would count as given.
        DefaultValueFactory = required ? null : _ => [],
        CustomParser = result => [.. result.Tokens.Select(token => Scope(token.Value, result))],
    };

    /// <summary>A name of the enumeration, in any letter case: neither its number nor several names, which .NET would take.</summary>
    public static T? Named<T>(ArgumentResult result, string option)
        where T : struct, Enum
    {
        var names = Enum.GetNames<T>();
        return Read(
            result, text => names.Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse<T>(text, ignoreCase: true) : (T?)null,
            $"{option} must be one of {string.Join(", ", names)}");
    }

    public static TimeSpan? ReadDuration(string text)
    {
        if (text.Length < 2
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return null;
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' when number < 10_000 => TimeSpan.FromDays(number),
            _ => null,
        };
    }

    private static Scope Scope(string text, ArgumentResult result)
    {
        foreach (var scope in Enum.GetValues<Scope>())
        {
            if (string.Equals(scope.ToString(), new string([.. text.Where(char.IsAsciiLetter)]), StringComparison.OrdinalIgnoreCase))
                return scope;
        }
        result.AddError($"there is no scope '{text}': there are {string.Join(", ", Enum.GetValues<Scope>().Select(ScopeNames.Of))}");
        return default;
    }

    /// <summary>The value that an option's text says; null, with an error, if it says none.</summary>
    public static T? Read<T>(ArgumentResult result, Func<string, T?> read, string rule)
        where T : struct
    {
        if (read(result.Tokens[0].Value) is { } value)
            return value;
        result.AddError(rule);
        return null;
    }
}
