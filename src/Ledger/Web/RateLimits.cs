using Ledger.Database;
using Ledger.Projections.Registry;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Web;

/// <summary>The kind of call that is limited. The name is written to <c>rate_counters.kind</c>.</summary>
internal enum LimitedCall
{
    Submit,
    Poll,
}

/// <summary>
/// Admits requests by contract §5, up to a number per UTC minute and per UTC hour, over all nodes. Each node counts by itself. Every half
/// second (<see cref="RateLimitFlush"/>) it adds what it admitted to <c>rate_counters</c> and learns the total. So nodes together can
/// exceed the limit by what they admit within that time. While the database is down, every node goes on counting by itself.
/// </summary>
internal sealed class RateLimits(HttpOptions options, NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>
    /// Number of counted windows from which polls of further jobs are admitted uncounted. A caller can invent job ids, but not bots. Jobs
    /// that are counted by the hour already stay limited, and each of them adds only its next minute's window.
    /// </summary>
    public const int PollWindows = 100_000;

    private const int RowsPerStatement = 5_000;

    private static readonly string FlushSql = Sql.Load(typeof(RateLimits), nameof(FlushAsync));

    private readonly Lock _lock = new();
    private readonly Dictionary<Window, Count> _counts = [];

    /// <summary>Number of windows in memory.</summary>
    public int Windows
    {
        get
        {
            lock (_lock)
                return _counts.Count;
        }
    }

    /// <summary>Counts and admits a request, if its limit admits one more. A request that is not admitted is not counted.</summary>
    /// <returns>The count. Null if the request is not limited.</returns>
    /// <param name="call">The kind of call.</param>
    /// <param name="subject">The counted thing: the bot, or bot and job.</param>
    /// <param name="own">The bot's own limits. Null if it has none.</param>
    public Admission? Admit(LimitedCall call, string subject, BotLimits? own)
    {
        if (LimitOf(call, own) is not { } limit)
            return null;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_lock)
        {
            var thisHour = Window.At(call, subject, 3600, now);
            if (call == LimitedCall.Poll && _counts.Count >= PollWindows && !_counts.ContainsKey(thisHour))
                return null;
            var minute = CountOf(Window.At(call, subject, 60, now));
            var hour = CountOf(thisHour);
            var isAdmitted = hour.Total < limit.PerHour && minute.Total < limit.PerMinute;
            if (isAdmitted)
            {
                minute.Unflushed++;
                hour.Unflushed++;
            }
            var (ofHour, ofMinute) = (Math.Max(0, limit.PerHour - hour.Total), Math.Max(0, limit.PerMinute - minute.Total));
            var isHour = ofHour <= ofMinute;
            return new Admission(limit, isAdmitted, isHour, Math.Min(ofHour, ofMinute), SecondsToEnd(isHour ? 3600 : 60, now));
        }
    }

    private RateLimit? LimitOf(LimitedCall call, BotLimits? own)
    {
        var isSubmit = call == LimitedCall.Submit;
        var node = isSubmit ? options.Submits : options.Polls;
        var (minute, hour) = isSubmit ? (own?.SubmitsPerMinute, own?.SubmitsPerHour) : (own?.PollsPerMinute, own?.PollsPerHour);
        return minute is null && hour is null
            ? node
            : new RateLimit(minute ?? node?.PerMinute ?? int.MaxValue, hour ?? node?.PerHour ?? int.MaxValue);
    }

    /// <summary>
    /// Adds what was admitted since the last time to the database's counts, takes over its totals, and forgets windows that are over.
    /// </summary>
    /// <exception cref="NpgsqlException">The database is unreachable. Counts that are not flushed stay in memory.</exception>
    public async Task FlushAsync(CancellationToken cancel)
    {
        foreach (var rows in TakeUnflushed().Chunk(RowsPerStatement))
        {
            await using var command = database.CreateCommand(FlushSql);
            command.Parameters.AddWithValue(rows.Select(row => row.Window.Call.ToString()).ToArray());
            command.Parameters.AddWithValue(rows.Select(row => row.Window.Subject).ToArray());
            command.Parameters.AddWithValue(rows.Select(row => row.Window.Seconds).ToArray());
            command.Parameters.AddWithValue(
                NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, rows.Select(row => row.Window.StartsAt.UtcDateTime).ToArray());
            command.Parameters.AddWithValue(rows.Select(row => row.Count).ToArray());
            await using var totals = await command.ExecuteReaderAsync(cancel);
            while (await totals.ReadAsync(cancel))
                TakeOver(rows[totals.GetInt32(0) - 1], totals.GetInt64(1));
        }
    }

    private List<(Window Window, long Count)> TakeUnflushed()
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            foreach (var window in _counts.Keys.Where(window => window.EndsAt <= now).ToList())
                _counts.Remove(window);
            return [.. _counts.Where(count => count.Value.Unflushed > 0).Select(count => (count.Key, count.Value.Unflushed))];
        }
    }

    private void TakeOver((Window Window, long Count) flushed, long total)
    {
        lock (_lock)
        {
            var count = CountOf(flushed.Window);
            count.Flushed = total;
            count.Unflushed -= flushed.Count;
        }
    }

    private Count CountOf(Window window)
    {
        if (!_counts.TryGetValue(window, out var count))
            _counts.Add(window, count = new Count());
        return count;
    }

    private static int SecondsToEnd(int seconds, long nowMilliseconds) =>
        (int)((seconds * 1000 - nowMilliseconds % (seconds * 1000) + 999) / 1000);

    /// <summary>A fixed window, half-open, aligned to UTC.</summary>
    private readonly record struct Window(LimitedCall Call, string Subject, int Seconds, long Start)
    {
        public static Window At(LimitedCall call, string subject, int seconds, long nowMilliseconds) =>
            new(call, subject, seconds, nowMilliseconds / 1000 / seconds * seconds);

        public DateTimeOffset StartsAt => DateTimeOffset.FromUnixTimeSeconds(Start);

        public DateTimeOffset EndsAt => DateTimeOffset.FromUnixTimeSeconds(Start + Seconds);
    }

    private sealed class Count
    {
        /// <summary>Number of requests that all nodes admitted, as of the last flush.</summary>
        public long Flushed { get; set; }

        /// <summary>Number of requests that this node admitted since.</summary>
        public long Unflushed { get; set; }

        public long Total => Flushed + Unflushed;
    }
}

/// <summary>The count of a request, in the window that is nearer to its limit.</summary>
/// <param name="Limit">The limit.</param>
/// <param name="IsAdmitted">False if the request is over the limit.</param>
/// <param name="IsHour">True if the window is the hour, false if it is the minute.</param>
/// <param name="Remaining">Number of requests that the window still admits.</param>
/// <param name="SecondsToEnd">Seconds until the window ends.</param>
internal readonly record struct Admission(RateLimit Limit, bool IsAdmitted, bool IsHour, long Remaining, int SecondsToEnd);
