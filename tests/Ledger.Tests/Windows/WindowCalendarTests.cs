using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Windows;

namespace Ledger.Tests.Windows;

public class WindowCalendarTests
{
    private static readonly string[] Crons =
    [
        "0 0 18 * * ?", "0 30 2 * * ?", "0 15 2 * * ?", "0 30 1 * * ?", "0 45 1 * * ?", "0 0,30 1,2,3 * * ?", "0 0 * * * ?", "0 30 * * * ?",
        "0 0/20 1-3 * * ?", "0 * * * * ?", "17 5 0 ? * SUN", "0 0 22 L * ?",
    ];

    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"];

    [Fact]
    public void An_opening_begins_with_its_first_instant_and_ends_before_its_last()
    {
        var calendar = new WindowCalendar(Window.Default);
        var opening = new Opening(At("2026-11-22T18:00:00Z"), At("2026-11-23T02:00:00Z"));

        Assert.Null(calendar.OpenAt(opening.Opens.AddTicks(-1)));
        Assert.Equal(opening, calendar.OpenAt(opening.Opens));
        Assert.Equal(opening, calendar.OpenAt(opening.Opens.AddTicks(1)));
        Assert.Equal(opening, calendar.OpenAt(opening.Closes.AddTicks(-1)));
        Assert.Null(calendar.OpenAt(opening.Closes));

        Assert.Equal(opening, Next(calendar, opening.Opens.AddTicks(-1)));
        Assert.Equal(opening.Opens.AddDays(1), Next(calendar, opening.Opens).Opens);
    }

    [Fact]
    public void Instants_are_UTC_whatever_offset_they_were_asked_with()
    {
        var calendar = new WindowCalendar(Window.Default with { TimeZone = "Europe/Berlin" });
        var open = calendar.OpenAt(At("2026-11-22T18:30:00+01:00"))!.Value;

        Assert.Equal((At("2026-11-22T17:00:00Z"), TimeSpan.Zero, TimeSpan.Zero), (open.Opens, open.Opens.Offset, open.Closes.Offset));
        Assert.Equal(TimeSpan.Zero, Next(calendar, At("2026-11-22T18:30:00+01:00")).Opens.Offset);
    }

    [Fact]
    public void Of_overlapping_openings_the_latest_that_has_begun_counts()
    {
        var calendar = new WindowCalendar(Window.Default with { Cron = "0 0 * * * ?", Length = TimeSpan.FromHours(2) });

        Assert.Equal(Opening("2026-11-22T09:00:00Z", hours: 2), calendar.OpenAt(At("2026-11-22T09:59:59Z")));
        Assert.Equal(Opening("2026-11-22T10:00:00Z", hours: 2), calendar.OpenAt(At("2026-11-22T10:00:00Z")));
    }

    [Fact]
    public void Openings_may_touch_without_a_gap_or_an_overlap()
    {
        var calendar = new WindowCalendar(Window.Default with { Cron = "0 0 0/8 * * ?" });

        Assert.Equal(Opening("2026-11-22T00:00:00Z", hours: 8), calendar.OpenAt(At("2026-11-22T08:00:00Z").AddTicks(-1)));
        Assert.Equal(Opening("2026-11-22T08:00:00Z", hours: 8), calendar.OpenAt(At("2026-11-22T08:00:00Z")));
    }

    [Fact]
    public void Work_is_planned_for_now_while_the_window_is_open_and_for_the_next_opening_while_it_is_not()
    {
        var calendar = new WindowCalendar(Window.Default);
        var tonight = Opening("2026-11-22T18:00:00Z", hours: 8);

        Assert.Equal((tonight.Opens, tonight), calendar.TryPlan(At("2026-11-22T17:59:59Z")));
        Assert.Equal((tonight.Opens, tonight), calendar.TryPlan(tonight.Opens));
        Assert.Equal((At("2026-11-23T01:59:59Z"), tonight), calendar.TryPlan(At("2026-11-23T01:59:59Z")));
        Assert.Equal(At("2026-11-23T18:00:00Z"), calendar.TryPlan(tonight.Closes)!.Value.PlannedAt);
    }

    [Theory]
    [InlineData("0 0 18 31 12 ? 2026", "UTC", "its cron expression cannot be used: it names a year (2026), and a window has none")]
    [InlineData("nonsense", "UTC", "its cron expression cannot be used: it has 1 fields instead of six")]
    [InlineData("0 0 18 30 2 ?", "UTC", "no future time matches its cron expression")]
    [InlineData("0 0 18 * * ?", "Mars/Olympus_Mons", "its zone Mars/Olympus_Mons is not in the time zone database ")]
    [InlineData("0 0 18 * * ?", "UTC+3", "its zone UTC+3 is not in the time zone database ")]
    public void A_recorded_window_that_never_opens_again_says_why_and_never_throws(string cron, string zone, string reason)
    {
        var calendar = new WindowCalendar(Window.Default with { Cron = cron, TimeZone = zone });
        var now = At("2026-12-31T19:00:00Z");

        Assert.StartsWith(reason, calendar.WhyNeverAgain(now), StringComparison.Ordinal);
        Assert.Equal((null, null, null), (calendar.TryNext(now), calendar.OpenAt(now), calendar.TryPlan(now)));
        Assert.Empty(calendar.NextAfter(now, 3));
    }

    [Theory] // The clocks' "daylight" offset is negative: winter time is one hour less than the standard time of summer.
    [InlineData("Europe/Dublin", "0 30 1 28 3 ?", "2027-01-01T00:00:00Z", "2027-03-28T01:00:00Z", "2028-03-28T00:30:00Z")]
    [InlineData("Europe/Dublin", "0 30 1 * * ?", "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z")]
    [InlineData("Europe/Dublin", "0 30 1 * * ?", "2027-10-30T12:00:00Z", "2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z")]
    [InlineData("Europe/Dublin", "59 59 1 * * ?", "2027-10-30T12:00:00Z", "2027-10-31T00:59:59Z", "2027-11-01T01:59:59Z")]
    [InlineData("Africa/Casablanca", "0 30 2 * * ?", "2024-04-13T12:00:00Z", "2024-04-14T02:00:00Z", "2024-04-15T01:30:00Z")]
    [InlineData("Africa/El_Aaiun", "0 30 2 * * ?", "2024-03-09T12:00:00Z", "2024-03-10T01:30:00Z", "2024-03-11T02:30:00Z")]
    public void In_a_zone_whose_daylight_offset_is_negative_openings_are_right_and_move_forward(
        string zone, string cron, string from, params string[] openings)
    {
        var calendar = new WindowCalendar(Window.Default with { Cron = cron, TimeZone = zone });
        var after = At(from);
        foreach (var opens in openings)
        {
            var next = Next(calendar, after).Opens;
            Assert.Equal(At(opens), next);
            after = next;
        }
    }

    [Fact]
    public void Openings_years_apart_are_found_in_few_steps()
    {
        var calendar = new WindowCalendar(Window.Default with { Cron = "0 30 2 ? 2 MON#5", TimeZone = "Europe/Dublin" });

        Assert.Equal(At("2044-02-29T02:30:00Z"), calendar.TryNext(At("2026-01-01T00:00:00Z"), out var steps)!.Value.Opens);
        Assert.InRange(steps, 1, WindowCalendar.MostSteps - 1);
        Assert.Null(calendar.TryNext(DateTimeOffset.MaxValue));
        Assert.Null(calendar.TryNext(DateTimeOffset.MinValue));
    }

    [Fact]
    public void The_present_opening_is_found_in_few_looks_however_many_came_before()
    {
        var calendar = new WindowCalendar(Window.Default with { Cron = "0 * * 1 * ?", Length = TimeSpan.FromDays(7) });

        Assert.Equal(At("2026-11-01T23:59:00Z"), calendar.OpenAt(At("2026-11-08T12:00:00Z"), out var looks)!.Value.Opens);
        Assert.InRange(looks, 1, WindowCalendar.MostLooks - 1);
    }

    [Theory] // Clocks go from 02:00 to 03:00 (Lord Howe: to 02:30): the time does not exist, and the window opens at the end of the gap.
    [InlineData("Europe/Berlin", "0 30 2 * * ?", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z")]
    [InlineData("America/New_York", "0 30 2 * * ?", "2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z")]
    [InlineData("Australia/Lord_Howe", "0 15 2 * * ?", "2026-10-02T15:45:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z")]
    public void In_spring_a_time_that_the_clocks_skip_opens_at_the_end_of_the_gap(
        string zone, string cron, string before, string gap, string after) =>
        Assert.Equal([At(before), At(gap), At(after)], OpeningsFrom(zone, cron, before));

    [Theory] // Clocks go back an hour (Lord Howe: 30 minutes): the time occurs twice, the window opens at the first only.
    [InlineData("Europe/Berlin", "0 30 2 * * ?", "2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("America/New_York", "0 30 1 * * ?", "2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z")]
    [InlineData("Australia/Lord_Howe", "0 45 1 * * ?", "2026-04-03T14:45:00Z", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z")]
    public void In_autumn_a_time_that_occurs_twice_opens_once(string zone, string cron, string before, string first, string after) =>
        Assert.Equal([At(before), At(first), At(after)], OpeningsFrom(zone, cron, before));

    [Fact]
    public void An_hourly_window_opens_in_both_passes_of_a_repeated_hour() =>
        Assert.Equal(
            [At("2026-10-24T23:30:00Z"), At("2026-10-25T00:30:00Z"), At("2026-10-25T01:30:00Z"), At("2026-10-25T02:30:00Z")],
            OpeningsFrom("Europe/Berlin", "0 30 * * * ?", "2026-10-24T23:30:00Z", count: 4));

    [Theory] // 22:00 in Berlin, 8 hours: the clock on the wall shows 07:00 in spring and 05:00 in autumn at the closing.
    [InlineData("2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z")]
    [InlineData("2026-10-24T20:00:00Z", "2026-10-25T04:00:00Z")]
    public void A_window_that_spans_a_clock_change_is_open_for_its_length(string opens, string closes)
    {
        var calendar = new WindowCalendar(Window.Default with { Cron = "0 0 22 * * ?", TimeZone = "Europe/Berlin" });

        Assert.Equal(new Opening(At(opens), At(closes)), calendar.OpenAt(At(closes).AddTicks(-1)));
        Assert.Null(calendar.OpenAt(At(closes)));
    }

    [Fact]
    public void The_opening_at_an_instant_contains_it() => Holds((calendar, t) =>
        calendar.OpenAt(t) is not { } open || (open.Opens <= t && t < open.Closes));

    [Fact]
    public void The_next_opening_is_never_in_the_past_and_is_open_when_it_opens() => Holds((calendar, t) =>
    {
        var next = Next(calendar, t);
        return next.Opens > t && calendar.OpenAt(next.Opens) == next && next.Closes - next.Opens == calendar.Window.Length;
    });

    [Fact]
    public void No_opening_begins_between_the_current_one_and_the_next() => Holds((calendar, t) =>
        calendar.OpenAt(t) is not { } open || Next(calendar, open.Opens) == Next(calendar, t));

    [Fact]
    public void An_instant_is_in_an_opening_just_when_a_scan_from_before_it_says_so() => Holds((calendar, t) =>
    {
        Opening? scanned = null;
        var next = Next(calendar, t - calendar.Window.Length - TimeSpan.FromDays(1));
        while (next.Opens <= t)
        {
            scanned = t < next.Closes ? next : null;
            next = Next(calendar, next.Opens);
        }

        return calendar.OpenAt(t) == scanned;
    });

    [Theory] // Half past, in the second pass of the repeated hour: the window opened an hour ago and does not open again.
    [InlineData("Europe/Berlin", "0 30 2 * * ?", "2026-10-25T01:05:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("America/New_York", "0 30 1 * * ?", "2026-11-01T06:05:00Z", "2026-11-02T06:30:00Z")]
    [InlineData("Australia/Lord_Howe", "0 45 1 * * ?", "2026-04-04T15:05:00Z", "2026-04-05T15:15:00Z")]
    public void Asked_in_the_second_pass_of_a_repeated_hour_the_next_opening_is_tomorrows(
        string zone, string cron, string now, string next) =>
        Assert.Equal(At(next), Next(new WindowCalendar(Window.Default with { Cron = cron, TimeZone = zone }), At(now)).Opens);

    // A reading of the wall clock that knows nothing of the calendar's libraries, minute by minute over both changes in each zone.
    [Theory]
    [InlineData("Europe/Berlin", "2026-03-28T00:00:00Z")]
    [InlineData("Europe/Berlin", "2026-10-24T00:00:00Z")]
    [InlineData("America/New_York", "2026-03-07T00:00:00Z")]
    [InlineData("America/New_York", "2026-10-31T00:00:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-10-02T12:00:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-04-03T12:00:00Z")]
    public void A_daily_window_agrees_with_the_wall_clock_minute_by_minute(string zone, string from)
    {
        foreach (var opensAt in new[] { new TimeSpan(1, 45, 0), new TimeSpan(2, 10, 0), new TimeSpan(2, 30, 0), new TimeSpan(18, 0, 0) })
        {
            var calendar = new WindowCalendar(
                new("w", $"0 {opensAt.Minutes} {opensAt.Hours} * * ?", zone, TimeSpan.FromHours(3), 1));
            var wall = new WallClock(zone, opensAt);
            DateTimeOffset? opened = null;
            for (var minute = At(from); minute < At(from).AddHours(60); minute = minute.AddMinutes(1))
            {
                opened = wall.Opens(minute) ? minute : opened;
                if (opened is null)
                    continue; // what was open before the scan began is not the scan's to know
                Assert.Equal(minute < opened + TimeSpan.FromHours(3), calendar.OpenAt(minute) is not null);
            }

            Assert.NotNull(opened);
        }
    }

    private static DateTimeOffset[] OpeningsFrom(string zone, string cron, string first, int count = 3)
    {
        var calendar = new WindowCalendar(Window.Default with { Cron = cron, TimeZone = zone, Length = TimeSpan.FromMinutes(10) });
        var openings = new List<DateTimeOffset>();
        for (var after = At(first).AddTicks(-1); openings.Count < count; after = openings[^1])
            openings.Add(Next(calendar, after).Opens);
        return [.. openings];
    }

    // Most instants in the days around a clock change of 2026, to a fraction of a second.
    private static void Holds(Func<WindowCalendar, DateTimeOffset, bool> rule)
    {
        string[] days = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01", "2026-12-31", "2028-02-29"];
        var instants =
            from day in Gen.Elements(days)
            from seconds in Gen.Choose(-2 * 86_400, 2 * 86_400)
            from ticks in Gen.Elements(0, 1, 9_999_999)
            select At(day + "T00:00:00Z").AddSeconds(seconds).AddTicks(ticks);
        var cases =
            from cron in Gen.Elements(Crons)
            from zone in Gen.Elements(Zones)
            from minutes in Gen.Elements(1, 59, 60, 61, 480, 1_440, 3_000)
            from t in instants
            select (new Window("w", cron, zone, TimeSpan.FromMinutes(minutes), 1), t);
        Prop.ForAll(cases.ToArbitrary(), at => rule(new WindowCalendar(at.Item1), at.t)).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    private static Opening Next(WindowCalendar calendar, DateTimeOffset after) => calendar.TryNext(after)!.Value;

    private static Opening Opening(string opens, int hours) => new(At(opens), At(opens).AddHours(hours));

    private static DateTimeOffset At(string instant) =>
        DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture);

    /// <summary>A daily opening read off a zone's offsets: at the first minute of a date whose wall clock has reached the time.</summary>
    private sealed class WallClock(string zone, TimeSpan opensAt)
    {
        private readonly TzifZone info = TzifZone.Find(zone)!;
        private readonly HashSet<DateTime> opened = [];

        public bool Opens(DateTimeOffset minute)
        {
            var local = Local(minute);
            var before = Local(minute.AddMinutes(-1));
            var reached = local.TimeOfDay >= opensAt && (before.TimeOfDay < opensAt || before.Date != local.Date);
            return reached && opened.Add(local.Date);
        }

        private DateTimeOffset Local(DateTimeOffset minute) =>
            minute.ToOffset(TimeSpan.FromSeconds(info.OffsetAt(minute.ToUnixTimeSeconds())));
    }
}
