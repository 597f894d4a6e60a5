using System.Globalization;

namespace Ledger.Contracts;

/// <summary>Instants in the form that the ledger records and returns: UTC, whole milliseconds.</summary>
public static class Instant
{
    /// <summary>The format of <see cref="Text"/>, as a regular expression.</summary>
    public const string Pattern = @"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$";

    /// <summary>The instant, cut to whole milliseconds. Facts are recorded and stored in this form.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerMillisecond, TimeSpan.Zero);

    /// <summary><c>2026-05-08T06:22:56.097Z</c></summary>
    public static string Text(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
