using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Execution.Turns;

/// <summary>The place where a bot's queue begins for a turn: the job that the turn claimed last.</summary>
/// <param name="PlannedAt">The instant when that job was due.</param>
/// <param name="SubmittedAt">The instant when it was submitted.</param>
/// <param name="Job">Its id.</param>
public sealed record ClaimPlace(DateTimeOffset PlannedAt, DateTimeOffset SubmittedAt, Guid Job);

/// <summary>
/// The jobs that a turn claims, bot by bot. Each claim is for the next bot in turn, however many jobs the others have. Bots take turns in
/// the order of their names, and after the last comes the first.
/// </summary>
/// <remarks>
/// Jobs that have ended stay in the index of the queue as long as an open snapshot could see them. A claim that began in front of them
/// would read them all each time. So a claim begins where the bot's last one was. Every two seconds it looks at everything from the front.
/// This finds bots that had nothing due before. It also finds jobs that were put off, given up by a node that died, or committed late.
/// </remarks>
/// <param name="window">The window's name.</param>
/// <param name="lastBot">The bot that had the window's latest turn on this node. Null if there was none.</param>
/// <param name="time">The clock for the two seconds.</param>
public sealed class DueJobs(string window, string? lastBot, TimeProvider time)
{
    /// <summary>Maximum number of jobs in a row that another turn may take first. A turn then looks for the next job. So many in a row
    /// happen only by a fault.</summary>
    private const int LostClaims = 100;

    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromSeconds(2);
    private static readonly string BotsSql = Sql.Load(typeof(DueJobs), nameof(LookAsync));
    private static readonly string NextSql = Sql.Load(typeof(DueJobs), nameof(NextAsync));

    private readonly Queue<string> _bots = new();
    private readonly Dictionary<string, Places> _places = new(StringComparer.Ordinal);
    private long? _lookedAt;

    /// <summary>The bot of the latest claim.</summary>
    public string? LastBot { get; private set; } = lastBot;

    private sealed record Places(ClaimPlace? Started, ClaimPlace? NotStarted)
    {
        public static readonly Places Front = new(null, null);

        public Places With(ClaimPlace found, bool? isStarted) => isStarted switch
        {
            true => this with { Started = found },
            false => this with { NotStarted = found },
            null => this,
        };
    }

    /// <summary>Forgets the bots that it found. The next claim looks for bots anew.</summary>
    public void LookAgain() => _lookedAt = null;

    /// <summary>Claims the job that deserves a turn most.</summary>
    /// <param name="session">The lane's session, in a transaction.</param>
    /// <param name="bots">The bots whose jobs may be claimed.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The claim. Null if nothing is due that nobody else holds.</returns>
    public async Task<ClaimedJob?> NextAsync(NpgsqlConnection session, IEnumerable<string> bots, CancellationToken cancel)
    {
        var isFresh = false;
        for (var lost = 0; lost < LostClaims;)
        {
            if (!isFresh && (_bots.Count == 0 || _lookedAt is not { } at || time.GetElapsedTime(at) >= s_betweenLooks))
            {
                await LookAsync(session, bots, cancel);
                isFresh = true;
            }
            if (!_bots.TryDequeue(out var bot))
                return null;
            var places = _places.GetValueOrDefault(bot, Places.Front);
            if (await PlaceAsync(session, bot, places, cancel) is not var (found, isStarted))
                continue; // it has nothing more
            _places[bot] = places.With(found, isStarted);
            _bots.Enqueue(bot);
            if (await ClaimedJob.LockedAsync(session, found.Job, window, cancel) is { } claimed)
            {
                LastBot = bot;
                return claimed;
            }
            lost++;
        }
        return null;
    }

    /// <summary>Finds the bots that have something due, and forgets where their queues began.</summary>
    private async Task LookAsync(NpgsqlConnection session, IEnumerable<string> bots, CancellationToken cancel)
    {
        _lookedAt = time.GetTimestamp();
        _places.Clear();
        _bots.Clear();
        await using var command = new NpgsqlCommand(BotsSql, session)
        {
            Parameters = { new() { Value = window }, new() { Value = bots.ToArray() } },
        };
        var due = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            due.Add(reader.GetString(0));
        due.Sort(StringComparer.Ordinal);
        foreach (var bot in due.Where(IsAfterLast).Concat(due.Where(bot => !IsAfterLast(bot))))
            _bots.Enqueue(bot);
    }

    private bool IsAfterLast(string bot) => string.CompareOrdinal(bot, LastBot) > 0;

    private async Task<(ClaimPlace Found, bool? IsStarted)?> PlaceAsync(
        NpgsqlConnection session, string bot, Places places, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(NextSql, session);
        command.Parameters.AddWithValue(window);
        command.Parameters.AddWithValue(bot);
        foreach (var place in (ClaimPlace?[])[places.Started, places.NotStarted])
        {
            command.Parameters.AddWithValue(NpgsqlDbType.TimestampTz, place?.PlannedAt.UtcDateTime ?? DateTime.MinValue);
            command.Parameters.AddWithValue(NpgsqlDbType.TimestampTz, place?.SubmittedAt.UtcDateTime ?? DateTime.MinValue);
            command.Parameters.AddWithValue(NpgsqlDbType.Uuid, place?.Job ?? Guid.Empty);
        }
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        return (
            new ClaimPlace(reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetGuid(0)),
            await reader.IsDBNullAsync(3, cancel) ? null : reader.GetBoolean(3));
    }
}
