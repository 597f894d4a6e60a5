using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Ledger.Tests.Windows;

/// <summary>A change of a zone's offset from UTC, all in seconds.</summary>
/// <param name="At">Since 1970, UTC.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OffsetChange(long At, int Before, int After);

/// <summary>A zone as the machine's TZif file has it (RFC 9636), read here and nowhere else: what the calendar is held against.</summary>
internal sealed partial class TzifZone
{
    public const string Folder = "/usr/share/zoneinfo";

    private const int LastYear = 2050;

    private readonly int _first;
    private readonly List<OffsetChange> _changes = [];

    private TzifZone(ReadOnlySpan<byte> file)
    {
        var old = Counts.Of(file);
        var data = file[Counts.Size..][old.DataSize(4)..];
        var counts = Counts.Of(data);
        data = data[Counts.Size..];
        var types = data[(counts.Times * 8)..];
        var offsets = types[counts.Times..];
        _first = BinaryPrimitives.ReadInt32BigEndian(offsets);
        var last = long.MinValue;
        for (var i = 0; i < counts.Times; i++)
        {
            last = BinaryPrimitives.ReadInt64BigEndian(data[(i * 8)..]);
            Add(last, BinaryPrimitives.ReadInt32BigEndian(offsets[(types[i] * 6)..]));
        }
        // What follows the list is said by the rule behind it.
        if (Encoding.ASCII.GetString(data[counts.DataSize(8)..]).Trim('\n') is { Length: > 0 } footer)
        {
            foreach (var (at, offset) in PosixRule.Parse(footer).Changes().Where(change => change.At > last))
                Add(at, offset);
        }
    }

    /// <summary>Null where the machine has no such file.</summary>
    public static TzifZone? Find(string id) =>
        Path.Combine(Folder, id) is var file && File.Exists(file) ? new TzifZone(File.ReadAllBytes(file)) : null;

    /// <summary>Every change of the offset from <paramref name="from"/> on and before <paramref name="to"/>, in order.</summary>
    public IReadOnlyList<OffsetChange> Changes(long from, long to) => [.. _changes.Where(change => change.At >= from && change.At < to)];

    public int OffsetAt(long instant) =>
        _changes.FindLastIndex(change => change.At <= instant) is >= 0 and var index ? _changes[index].After : _first;

    /// <summary>Types that differ in name or in what they call daylight time are one offset.</summary>
    private void Add(long at, int offset)
    {
        var before = _changes.Count == 0 ? _first : _changes[^1].After;
        if (offset != before)
            _changes.Add(new OffsetChange(at, before, offset));
    }

    /// <summary>RFC 9636 §3.1.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Counts(int UtcFlags, int StandardFlags, int Leaps, int Times, int Types, int Characters)
    {
        public const int Size = 44;

        public static Counts Of(ReadOnlySpan<byte> header)
        {
            Assert.True(header.StartsWith("TZif"u8) && header[4] >= (byte)'2', "not a TZif file of version 2 or later");
            var fields = new int[6];
            for (var i = 0; i < 6; i++)
                fields[i] = BinaryPrimitives.ReadInt32BigEndian(header[(20 + (4 * i))..]);
            return new(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]);
        }

        public int DataSize(int timeSize) =>
            (Times * (timeSize + 1)) + (Types * 6) + Characters + (Leaps * (timeSize + 4)) + StandardFlags + UtcFlags;
    }

    /// <summary>The footer: a rule of POSIX's TZ variable, with the longer times of RFC 9636 §3.3.1.</summary>
    private sealed partial record PosixRule(int Standard, int? Daylight, string Start, string End)
    {
        public static PosixRule Parse(string text)
        {
            var match = Shape().Match(text);
            Assert.True(match.Success, $"the footer {text} cannot be read");
            var standard = -Seconds(match.Groups["off"].Value);
            if (!match.Groups["dst"].Success)
                return new(standard, null, "", "");
            var daylight = match.Groups["dstoff"] is { Success: true } given ? -Seconds(given.Value) : standard + 3600;
            return new(standard, daylight, match.Groups["start"].Value, match.Groups["end"].Value);
        }

        public IEnumerable<(long At, int Offset)> Changes() => Daylight is not { } daylight ? [] : Enumerable.Range(1970, LastYear - 1970)
            .SelectMany(year => new[] { (Local(Start, year) - Standard, daylight), (Local(End, year) - daylight, Standard) })
            .OrderBy(change => change.Item1);

        private static long Local(string rule, int year)
        {
            var parts = rule.Split('/');
            var time = parts.Length == 2 ? Seconds(parts[1]) : 7200;
            return new DateTimeOffset(Day(parts[0], year), TimeSpan.Zero).ToUnixTimeSeconds() + time;
        }

        private static DateTime Day(string rule, int year)
        {
            if (rule[0] != 'M')
            {
                var number = int.Parse(rule.TrimStart('J'), CultureInfo.InvariantCulture);
                var afterFebruary = rule[0] == 'J' && DateTime.IsLeapYear(year) && number >= 60;
                return new DateTime(year, 1, 1).AddDays(rule[0] == 'J' && !afterFebruary ? number - 1 : number);
            }
            var (month, week, weekday) = rule[1..].Split('.') is [var m, var w, var d] ? (Number(m), Number(w), Number(d)) : default;
            var day = new DateTime(year, month, 1);
            day = day.AddDays(((weekday - (int)day.DayOfWeek + 7) % 7) + (7 * (week - 1)));
            return day.Month == month ? day : day.AddDays(-7);
        }

        private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

        private static int Seconds(string time)
        {
            var parts = time.TrimStart('+', '-').Split(':').Select(Number).ToArray();
            var seconds = parts.Select((part, i) => part * (i == 0 ? 3600 : i == 1 ? 60 : 1)).Sum();
            return time[0] == '-' ? -seconds : seconds;
        }

        [GeneratedRegex(
            @"^(<[^>]+>|[A-Za-z]+)(?<off>[-+]?[0-9:]+)((?<dst><[^>]+>|[A-Za-z]+)(?<dstoff>[-+]?[0-9:]+)?,(?<start>[^,]+),(?<end>[^,]+))?\z",
            RegexOptions.ExplicitCapture)]
        private static partial Regex Shape();
    }
}
