using Ledger.Database;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Ledger.Windows;
using Npgsql;

namespace Ledger.Execution.Turns;

/// <summary>Unfinished jobs of one bot whose window never opens again.</summary>
/// <param name="Bot">The bot.</param>
/// <param name="Window">Its window.</param>
/// <param name="Reason">The reason that the window never opens, in plain words.</param>
/// <param name="Jobs">Number of jobs that wait.</param>
public sealed record StrandedJobs(string Bot, string Window, string Reason, long Jobs)
{
    private static readonly string CountSql = Sql.Load(typeof(StrandedJobs), nameof(CountAsync));

    /// <summary>All of them, by bot.</summary>
    public static async Task<IReadOnlyList<StrandedJobs>> FindAsync(
        NpgsqlDataSource database, WindowPlanner planner, DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var closed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var window in await Documents.AllAsync(connection, DocumentJson.Default.DeletionWindow, cancel))
        {
            if (WhyNever(planner, window, now) is { } reason)
                closed[window.Name] = reason;
        }
        if (closed.Count == 0)
            return [];
        var bots = (await Documents.AllAsync(connection, DocumentJson.Default.Bot, cancel)).Where(bot => closed.ContainsKey(bot.Window))
            .ToDictionary(bot => bot.BotId, bot => bot.Window, StringComparer.Ordinal);
        return await CountAsync(connection, bots, closed, cancel);
    }

    /// <summary>The problem and the remedy, in words.</summary>
    public override string ToString() =>
        $"{Jobs} unfinished {(Jobs == 1 ? "job" : "jobs")} of the bot {Bot} cannot run: the window {Window} never opens again ({Reason}). "
        + $"Define it anew (`ledger window add {Window} …`), or give the bot another one (`ledger bot set {Bot} --window …`)";

    /// <summary>The warning in words for readers who may know no bot. Null if there are no such jobs.</summary>
    public static string? Warning(IReadOnlyList<StrandedJobs> stranded) => stranded.Count == 0
        ? null
        : $"{stranded.Sum(one => one.Jobs)} unfinished jobs of {stranded.Count} bots cannot run, since their window never opens again: "
            + "`ledger jobs` names them and what to do";

    private static string? WhyNever(WindowPlanner planner, DeletionWindow window, DateTimeOffset now)
    {
        try
        {
            return planner.WhyNeverAgain(window, now);
        }
        catch (Exception e)
        {
            return $"its definition cannot be read ({e.GetType().Name})";
        }
    }

    private static async Task<IReadOnlyList<StrandedJobs>> CountAsync(
        NpgsqlConnection connection, Dictionary<string, string> bots, Dictionary<string, string> closed, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(CountSql, connection) { Parameters = { new() { Value = bots.Keys.ToArray() } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<StrandedJobs>();
        while (await reader.ReadAsync(cancel))
        {
            var bot = reader.GetString(0);
            found.Add(new StrandedJobs(bot, bots[bot], closed[bots[bot]], reader.GetInt64(1)));
        }
        return found;
    }
}
