using System.Collections.Concurrent;
using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Pages;

/// <summary>A night, from noon to noon in UTC, so that erasures around midnight are one bar and not two.</summary>
/// <param name="Evening">The day on which it begins.</param>
/// <param name="Conversations">Number of conversations erased in it.</param>
public sealed record Night(DateOnly Evening, long Conversations);

/// <summary>Conversations erased per night, from the change log. A night that is over does not change, so its sum is kept.</summary>
internal sealed class ErasedByNight(NpgsqlDataSource database, TimeProvider time)
{
    public const int Nights = 14;

    /// <summary>The time after its end in which a night may still grow. The change log follows the log, which can be behind.</summary>
    private static readonly TimeSpan Settles = TimeSpan.FromHours(2);

    private static readonly TimeSpan Noon = TimeSpan.FromHours(12);
    private static readonly string ReadSql = Sql.Load(typeof(ErasedByNight), nameof(ReadAsync));

    private readonly ConcurrentDictionary<string, Kept> _kept = new(StringComparer.Ordinal);

    /// <summary>A bot's sums by evening, of all nights from <paramref name="First"/> on and before <paramref name="End"/>.</summary>
    private sealed record Kept(DateOnly First, DateOnly End, IReadOnlyDictionary<DateOnly, long> Sums);

    /// <summary>The latest <see cref="Nights"/> nights of all these bots together, oldest first. The last night may still be going
    /// on.</summary>
    public async Task<IReadOnlyList<Night>> LatestAsync(IReadOnlyCollection<string> bots, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var first = EveningOf(now).AddDays(1 - Nights);
        var settled = EveningOf(now - Settles);
        var known = bots.ToDictionary(
            bot => bot, bot => _kept.GetValueOrDefault(bot) is { } kept && kept.First <= first ? kept : new Kept(first, first, None),
            StringComparer.Ordinal);
        var read = await ReadAsync(known, first, cancel);
        var totals = new Dictionary<DateOnly, long>();
        foreach (var (bot, kept) in known)
        {
            var sums = kept.Sums.Where(sum => sum.Key >= first).ToDictionary();
            foreach (var (evening, sum) in read.GetValueOrDefault(bot) ?? [])
                sums[evening] = sum;
            foreach (var (evening, sum) in sums)
                totals[evening] = totals.GetValueOrDefault(evening) + sum;
            _kept[bot] = new Kept(first, settled, sums.Where(sum => sum.Key < settled).ToDictionary());
        }
        return
        [.. Enumerable.Range(0, Nights).Select(first.AddDays).Select(evening => new Night(evening, totals.GetValueOrDefault(evening)))];
    }

    private static readonly IReadOnlyDictionary<DateOnly, long> None = new Dictionary<DateOnly, long>();

    private async Task<Dictionary<string, Dictionary<DateOnly, long>>> ReadAsync(
        Dictionary<string, Kept> known, DateOnly first, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ReadSql);
        command.Parameters.AddWithValue(known.Keys.ToArray());
        command.Parameters.AddWithValue(
            NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
            known.Values.Select(kept => Begins(kept.End > first ? kept.End : first)).ToArray());
        command.Parameters.AddWithValue(Begins(first));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var sums = new Dictionary<string, Dictionary<DateOnly, long>>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancel))
        {
            if (!sums.TryGetValue(reader.GetString(0), out var ofBot))
                sums.Add(reader.GetString(0), ofBot = []);
            ofBot.Add(first.AddDays(reader.GetInt32(1)), reader.GetInt64(2));
        }
        return sums;
    }

    private static DateOnly EveningOf(DateTimeOffset instant) => DateOnly.FromDateTime((instant - Noon).UtcDateTime);

    private static DateTime Begins(DateOnly evening) => evening.ToDateTime(new TimeOnly(12, 0), DateTimeKind.Utc);
}
