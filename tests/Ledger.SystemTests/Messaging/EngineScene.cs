using Ledger.Database;
using Ledger.Jobs;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Messaging;

/// <summary>A node whose jobs run by messages alone, for the tests of a class.</summary>
public sealed class SharedEngine() : SharedService(new TestServiceOptions { Engine = true });

/// <summary>Windows, jobs and lanes as the tests of the engine want them.</summary>
internal static class EngineScene
{
    /// <summary>
    /// The engine's wake-ups: those that wait, and those that were handled a moment ago. Mail waits too, for a node that sends it.
    /// </summary>
    public const string Messages =
        "select count(*) from (select * from wolverine.wolverine_incoming_envelopes where message_type = 'wake_window') m";

    /// <summary>Messages that are not handled yet, without those for later.</summary>
    private const string Unhandled = $"{Messages} where status = 'Incoming'";

    /// <summary>A bot with a window of its own, which is open for the hour from an instant on.</summary>
    /// <returns>The bot, which is the window's name too.</returns>
    public static async Task<string> AddWindowAsync(this TestService service, DateTimeOffset opens, int lanes)
    {
        var name = service.Bot;
        var window = $"w-{name}";
        var cron = FormattableString.Invariant($"{opens.Second} {opens.Minute} {opens.Hour} * * ?");
        Assert.Null(await service.Registry.DefineWindowAsync(
            new DefineWindow(window, cron, "UTC", 3600, lanes, "test", null), CancellationToken.None));
        await service.AddBotAsync($"{name}-w", window);
        return $"{name}-w";
    }

    /// <summary>The window of <see cref="AddWindowAsync"/>'s bot.</summary>
    public static string WindowOf(string bot) => $"w-{bot[..^2]}";

    /// <summary>A whole second, so many seconds or a little more from now. A window's opening is one.</summary>
    public static DateTimeOffset SecondsFromNow(int seconds)
    {
        var at = TimeProvider.System.GetUtcNow().AddSeconds(seconds + 1);
        return at.AddTicks(-(at.Ticks % TimeSpan.TicksPerSecond));
    }

    /// <summary>Submits jobs of one conversation each, <c>a-00001</c> and so on, past HTTP.</summary>
    public static Task SubmitManyAsync(this TestService service, string bot, int jobs) => SubmitManyAsync(service.Services, bot, jobs);

    /// <summary>The same on another node.</summary>
    public static async Task SubmitManyAsync(IServiceProvider node, string bot, int jobs)
    {
        var registry = await node.GetRequiredService<RegistryCache>()
            .ReadSinceAsync(TimeProvider.System.GetTimestamp(), CancellationToken.None);
        var (one, submission) = (registry.Bots[bot], node.GetRequiredService<JobSubmission>());
        await Parallel.ForAsync(1, 1 + jobs, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, cancel) =>
        {
            var request = new DeletionRequest.ByConversationIds([$"a-{n:D5}"]);
            var result = await submission.SubmitAsync(
                new Submission(one, registry.Windows[one.Window], TestService.ClientId, request, null, []), cancel);
            Assert.IsType<SubmissionResult.Accepted>(result);
        });
    }

    /// <summary>How many of the bot's jobs are <c>completed</c>, or whatever is asked for.</summary>
    public static Task<long> CountJobsAsync(this TestService service, string bot, string status = "completed") => service.ScalarAsync<long>(
        "select count(*) from ledger.mt_doc_job where bot = $1 and status = $2", bot, status);

    /// <summary>Until so many of the bot's jobs have completed.</summary>
    public static Task UntilCompletedAsync(this TestService service, string bot, int jobs) => Steps.UntilAsync(
        $"not all of {jobs} jobs end", async () => await service.CountJobsAsync(bot) == jobs);

    /// <summary>Until the engine has handled every message that is due.</summary>
    public static Task UntilHandledAsync(this TestService service) => Steps.UntilAsync(
        "messages are left", async () => await service.ScalarAsync<long>(Unhandled) == 0);

    /// <summary>What was handled does not stay. The engine clears it away every few seconds.</summary>
    public static Task HoldsFewMessagesAsync(this TestService service) => Steps.UntilAsync(
        "messages and wake-ups pile up",
        async () => await service.ScalarAsync<long>($"select ({Messages}) + (select count(*) from ledger.window_wakes)") <= 100);

    /// <summary>The lanes of a window that are held now.</summary>
    public static async Task<int[]> LanesHeldAsync(this TestService service, string window) => await service.ScalarAsync<int[]>(
        """
        select coalesce(array_agg(objid::int), '{}') from pg_locks
        where locktype = 'advisory' and classid::bigint = $1::bigint & 4294967295 and objsubid = 2 and granted
            and database = (select oid from pg_database where datname = current_database())
        """,
        (long)LaneDatabase.KeyOf(window));

    /// <summary>When the first and the last event of a type was recorded for the bot.</summary>
    public static async Task<(DateTimeOffset First, DateTimeOffset Last)> RecordedAsync(this TestService service, string bot, string type)
    {
        const string At = """
            select array[min(e.timestamp), max(e.timestamp)] from ledger.mt_events e join ledger.mt_doc_job j on j.id = e.stream_id
            where j.bot = $1 and e.type = $2
            """;
        var at = await service.ScalarAsync<DateTime[]>(At, bot, type);
        return (new DateTimeOffset(at[0]), new DateTimeOffset(at[1]));
    }
}
