using System.Globalization;

namespace Ledger.Jobs;

/// <summary>A moment in a job's history.</summary>
public abstract record AsOf
{
    public const string Rule =
        "must be a version (a whole number from 1 on), a date (2026-05-04: the end of that day in UTC) or an instant with Z or an offset "
        + "(2026-05-04T08:00:00Z)";

    private AsOf() { }

    /// <summary>After the event with this version.</summary>
    public sealed record Version(long Number) : AsOf;

    /// <summary>After the last event that was recorded until then, inclusive.</summary>
    public sealed record Instant(DateTimeOffset At) : AsOf;

    /// <summary>Reads a moment. Null if the text breaks <see cref="Rule"/>.</summary>
    public static AsOf? Parse(string text) =>
        text.All(char.IsAsciiDigit)
            ? long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0
                ? new Version(version)
                : null
            : SentInstant.Read(text, isStart: false) is { } at
                ? new Instant(at)
                : null;
}
