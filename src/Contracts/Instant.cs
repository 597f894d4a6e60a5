using System.Globalization;

namespace Ledger.Contracts;

/// <summary>Instants as the ledger records and answers them: UTC, whole milliseconds.</summary>
public static class Instant
{
    /// <summary>What <see cref="Text"/> looks like, as a regular expression.</summary>
    public const string Pattern = @"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$";

    /// <summary>The instant without what is finer than a millisecond. Facts are recorded so, and stored so.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerMillisecond, TimeSpan.Zero);

    /// <summary><c>2026-05-08T06:22:56.097Z</c></summary>
    public static string Text(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
