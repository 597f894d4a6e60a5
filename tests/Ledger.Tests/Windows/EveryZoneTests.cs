using System.Collections.Concurrent;
using Ledger.SystemTests;
using Ledger.Windows;
using NodaTime;
using Xunit.Abstractions;
using Duration = System.TimeSpan;
using Instant = NodaTime.Instant;

namespace Ledger.Tests.Windows;

/// <summary>
/// Every zone, for whole years, against an oracle that knows nothing of the calendar's libraries. Two of the years may be listed in a
/// zone's file; the third is told by the rule behind the list.
/// </summary>
[Trait("cost", "slow")]
public sealed class EveryZoneTests(ITestOutputHelper output)
{
    private const int Day = 86_400, FewestCompared = 550;
    private static readonly int[] s_years = [2024, 2027, 2041];

    [SkippableFact]
    public void Every_opening_in_every_zone_is_where_the_machines_own_zone_files_put_it()
    {
        Requires.That(TzifZone.Find("Europe/Dublin") is not null, "the time zone database in /usr/share/zoneinfo (Debian: tzdata)");
        ConcurrentQueue<string> leftOut = new(), wrong = new();
        var seen = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        var (zones, openings, steps, looks) = (0, 0L, 0, 0);
        Parallel.ForEach(DateTimeZoneProviders.Tzdb.Ids, id =>
        {
            foreach (var year in s_years)
            {
                if (TzifZone.Find(id) is not { } oracle || !ListsAgree(id, oracle, year))
                {
                    leftOut.Enqueue($"{id} {year}");
                    continue;
                }
                var checkedYear = new ZoneYear(id, oracle, year, wrong);
                // Many zones have the same year: it is checked in all ways in one of them, and in the others in one way.
                if (seen.TryAdd(checkedYear.Changes, true))
                    checkedYear.Check();
                else
                    checkedYear.CheckEveryDay();
                Interlocked.Increment(ref zones);
                Interlocked.Add(ref openings, checkedYear.Openings);
                Most(ref steps, checkedYear.Steps);
                Most(ref looks, checkedYear.Looks);
            }
        });

        output.WriteLine($"{zones} zones and years, {seen.Count} of them different");
        output.WriteLine($"{openings} openings, {steps} steps and {looks} looks at most");
        output.WriteLine($"left out, because the two databases list other changes: {leftOut.Count}:");
        output.WriteLine(string.Join(", ", leftOut.Order(StringComparer.Ordinal)));
        Assert.Empty(wrong.Take(20));
        Assert.InRange(steps, 2, WindowCalendar.MostSteps - 1);
        Assert.InRange(looks, 2, WindowCalendar.MostLooks - 1);
        Assert.True(zones >= FewestCompared * s_years.Length, $"only {zones} zones and years could be compared");
        foreach (var zone in new[] { "Europe/Dublin", "Africa/Casablanca", "Africa/El_Aaiun" })
            Assert.DoesNotContain($"{zone} 2024", leftOut);
    }

    /// <summary>Lists of changes are compared, not what follows from them.</summary>
    private static bool ListsAgree(string id, TzifZone oracle, int year)
    {
        var (from, to) = ZoneYear.Bounds(year);
        (from, to) = (from - Day, to + Day);
        var stretches = DateTimeZoneProviders.Tzdb[id]
            .GetZoneIntervals(Instant.FromUnixTimeSeconds(from), Instant.FromUnixTimeSeconds(to)).ToList();
        var noda = stretches.Zip(stretches.Skip(1), (before, after) =>
            new OffsetChange(after.Start.ToUnixTimeSeconds(), before.WallOffset.Seconds, after.WallOffset.Seconds));
        return stretches[0].WallOffset.Seconds == oracle.OffsetAt(from)
            && noda.Where(change => change.Before != change.After).SequenceEqual(oracle.Changes(from + 1, to));
    }

    private static void Most(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }

    private sealed class ZoneYear(string id, TzifZone oracle, int year, ConcurrentQueue<string> wrong)
    {
        private readonly (long From, long To) _year = Bounds(year);
        private readonly IReadOnlyList<OffsetChange> _changes = oracle.Changes(Bounds(year).From - (3 * Day), Bounds(year).To + (3 * Day));
        private readonly int _before = oracle.OffsetAt(Bounds(year).From - (3 * Day));

        /// <summary>All that the zone's clocks do in the year.</summary>
        public string Changes => $"{year} {_before} {string.Join(' ', _changes)}";

        public long Openings { get; private set; }

        public int Steps { get; private set; }

        public int Looks { get; private set; }

        public static (long From, long To) Bounds(int year) => (Begins(year), Begins(year + 1));

        private static long Begins(int year) => new DateTimeOffset(year, 1, 1, 0, 0, 0, Duration.Zero).ToUnixTimeSeconds();

        public void CheckEveryDay() => Compare(Fixed(64_800), [64_800], isInterval: false, _year.From, _year.To);

        public void Check()
        {
            foreach (var time in new[] { 0, 64_800, Day - 1 })
                Compare(Fixed(time), [time], isInterval: false, _year.From, _year.To);
            foreach (var change in _changes)
            {
                foreach (var time in TimesAround(change))
                    Compare(Fixed(time), [time], isInterval: false, change.At - (3 * Day), change.At + (3 * Day));
                Compare("0 0/15 * * * ?", Every(900, until: Day), isInterval: true, change.At - (36 * 3600), change.At + (36 * 3600));
                Compare("0 * 0-3 * * ?", Every(60, until: 14_400), isInterval: true, change.At - 14_400, change.At + 14_400);
                Compare("17 0,30 1,2 * * ?", [3617, 5417, 7217, 9017], isInterval: false, change.At - Day, change.At + Day);
            }
        }

        /// <summary>What the clock shows just before the change and afterwards, and the middle of what is skipped or repeated.</summary>
        private static IEnumerable<int> TimesAround(OffsetChange change)
        {
            var (before, after) = (change.At + change.Before, change.At + change.After);
            return new[] { before - 1, before, before + 1, (before + after) / 2, after - 1, after, after + 1 }
                .Select(wall => (int)(((wall % Day) + Day) % Day)).Distinct();
        }

        private static string Fixed(int time) => $"{time % 60} {time / 60 % 60} {time / 3600} * * ?";

        private static int[] Every(int step, int until) => [.. Enumerable.Range(0, until / step).Select(i => i * step)];

        private void Compare(string cron, int[] times, bool isInterval, long from, long to)
        {
            var calendar = new WindowCalendar(new Window("w", cron, id, Duration.FromMinutes(90), 1));
            var expected = Expected(times, isInterval, from, to);
            var after = At(from).AddTicks(-1);
            foreach (var opens in expected)
            {
                var next = calendar.TryNext(after, out var steps)?.Opens;
                Steps = Math.Max(Steps, steps);
                Openings++;
                if (next != At(opens) || next <= after)
                {
                    wrong.Enqueue($"{id} {cron}: after {after:O} it opens at {next:O} instead of {At(opens):O}");
                    return;
                }
                after = At(opens);
            }
            if (calendar.TryNext(after) is { } further && further.Opens < At(to))
                wrong.Enqueue($"{id} {cron}: it opens at {further.Opens:O} too");
            CheckOpenAt(calendar, expected);
        }

        private void CheckOpenAt(WindowCalendar calendar, IReadOnlyList<long> expected)
        {
            if (expected is not [_, .., var last])
                return;
            foreach (var now in new[] { last, last + 1, last + 5399 })
            {
                var open = calendar.OpenAt(At(now), out var looks);
                Looks = Math.Max(Looks, looks);
                if (open is null || open.Value.Opens < At(last) || open.Value.Opens > At(now))
                    wrong.Enqueue($"{id} {calendar.Window.Cron}: at {At(now):O} the opening of {At(last):O} is open, not {open?.Opens:O}");
            }
        }

        /// <summary>The instants at which a wall clock shows one of the times of day, by the zone's own changes.</summary>
        private IReadOnlyList<long> Expected(int[] times, bool isInterval, long from, long to)
        {
            var opens = new SortedSet<long>();
            for (var date = (Math.DivRem(from, Day).Quotient - 2) * Day; date <= to + (2 * Day); date += Day)
            {
                foreach (var time in times)
                {
                    var shown = Shown(date + time);
                    opens.UnionWith(isInterval ? shown : shown[..1]);
                }
            }
            return [.. opens.Where(at => at >= from && at < to)];
        }

        /// <summary>When the wall clock shows a time: once or twice; or, when it is skipped, the end of the gap.</summary>
        private List<long> Shown(long wall)
        {
            var shown = new List<long>();
            for (var i = 0; i <= _changes.Count; i++)
            {
                var offset = i == 0 ? _before : _changes[i - 1].After;
                var at = wall - offset;
                if ((i == 0 || at >= _changes[i - 1].At) && (i == _changes.Count || at < _changes[i].At))
                    shown.Add(at);
                else if (i < _changes.Count && wall >= _changes[i].At + _changes[i].Before && wall < _changes[i].At + _changes[i].After)
                    shown.Add(_changes[i].At);
            }
            return shown;
        }

        private static DateTimeOffset At(long unix) => DateTimeOffset.FromUnixTimeSeconds(unix);
    }
}
