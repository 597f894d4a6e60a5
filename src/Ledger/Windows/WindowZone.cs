using NodaTime;
using NodaTime.TimeZones;

namespace Ledger.Windows;

/// <summary>The time zones that windows may name: the ids of the time zone database that comes with NodaTime, spelled as there.</summary>
internal static class WindowZone
{
    /// <summary>The database's version, such as <c>2026f</c>.</summary>
    public static string Version => TzdbDateTimeZoneSource.Default.TzdbVersion;

    /// <summary>The zone. Null if the database does not hold it. The machine's own database is never asked.</summary>
    public static DateTimeZone? Find(string id) =>
        // Not by the provider alone: that also makes up zones such as UTC+3.
        TzdbDateTimeZoneSource.Default.CanonicalIdMap.ContainsKey(id) ? DateTimeZoneProviders.Tzdb[id] : null;

    /// <summary>The wall-clock time at which this stretch begins.</summary>
    public static DateTime FirstWall(this ZoneInterval stretch) => stretch.HasStart ? Wall(stretch.Start, stretch) : DateTime.MinValue;

    /// <summary>The wall-clock time at which this stretch ends. The stretch's own clock does not show it any more.</summary>
    public static DateTime EndWall(this ZoneInterval stretch) => stretch.HasEnd ? Wall(stretch.End, stretch) : DateTime.MaxValue;

    /// <summary>The wall-clock time at an instant.</summary>
    public static DateTime Wall(Instant at, ZoneInterval stretch) => at.ToDateTimeUtc() + stretch.WallOffset.ToTimeSpan();

    /// <summary>The instant when the stretch's wall clock shows a time.</summary>
    public static DateTimeOffset At(DateTime wall, ZoneInterval stretch) => new(wall - stretch.WallOffset.ToTimeSpan(), TimeSpan.Zero);
}
