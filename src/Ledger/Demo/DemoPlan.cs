using System.Text.Json.Nodes;
using Ledger.Cli;
using Ledger.Contracts.Jobs;

namespace Ledger.Demo;

/// <summary>A job of the demo and what must come of it. What it must delete lies in <see cref="DemoStore"/>.</summary>
internal sealed record DemoJob(int Number, string Title, string Bot, JsonObject Body)
{
    /// <summary>Sent with two requests, which must lead to one job.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Conversations that it must skip as not found.</summary>
    public int NotFound { get; init; }

    /// <summary>Set once it is submitted.</summary>
    public JobId Id { get; set; }
}

/// <summary>Chooses the demo's jobs by what the store holds, and notes there what each must delete.</summary>
internal static class DemoPlan
{
    // Of so many of the busiest users, the first whose conversations a range of whole days divides.
    private const int UsersLookedAt = 50;

    /// <exception cref="CommandException">The input is too small to show anything on.</exception>
    public static async Task<IReadOnlyList<DemoJob>> MakeAsync(
        DemoStore store, DemoInput input, DateTimeOffset now, CancellationToken cancel)
    {
        var bot = await store.BusiestBotAsync([.. input.Bots.Keys], cancel);
        // The range of a request without dates ends with the UTC day of its submission.
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        var users = await store.UsersAsync(bot, UsersLookedAt, cancel);
        var divided = users.Skip(1).FirstOrDefault(user => user.InMiddleDays < user.Conversations)
            ?? throw new CommandException("the input is too small: the demo needs channel users with conversations on several days");
        var third = users.Skip(1).FirstOrDefault(user => user != divided)
            ?? throw new CommandException("the input is too small: the demo needs at least three channel users");
        var byIds = await ByIdsAsync(store, input, 3, bot, [users[0].CId, divided.CId, third.CId], cancel);
        var jobs = new List<DemoJob>
        {
            await ByChannelUserAsync(store, 1, bot, users[0], null, today, cancel),
            await ByChannelUserAsync(store, 2, bot, divided, (divided.FirstDay, divided.LastDay), today, cancel),
        };
        if (input.TwinOnlyId is null)
            return [.. jobs, byIds with { IdempotencyKey = $"demo-{System.Security.Cryptography.RandomNumberGenerator.GetHexString(16)}" }];
        return
        [
            .. jobs,
            byIds,
            await ByChannelUserAsync(store, 4, bot, third, null, today, cancel) with
            {
                IdempotencyKey = $"demo-{System.Security.Cryptography.RandomNumberGenerator.GetHexString(16)}",
            },
        ];
    }

    private static async Task<DemoJob> ByChannelUserAsync(
        DemoStore store, int number, string bot, DemoUser user, (DateOnly First, DateOnly Last)? days, DateTimeOffset today,
        CancellationToken cancel)
    {
        var body = new JsonObject { ["cId"] = user.CId };
        var which = "all conversations";
        if (days is { } range)
        {
            body["startDate"] = $"{range.First:yyyy-MM-dd}";
            body["endDate"] = $"{range.Last:yyyy-MM-dd}";
            which = $"the conversations from {range.First:yyyy-MM-dd} to {range.Last:yyyy-MM-dd}";
        }
        var last = days?.Last.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) ?? today.UtcDateTime;
        await store.ExpectByChannelUserAsync(
            number, bot, user.CId, days?.First.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) ?? DateTime.UnixEpoch, last.AddDays(1),
            cancel);
        var (expected, _) = await store.ExpectedAsync(number, cancel);
        return new DemoJob(number, $"erase {which} of a channel user who has {user.Conversations:N0} ({expected:N0} of them)", bot, body);
    }

    /// <summary>
    /// Conversations of other users; with made-up input also one twice, one that nobody has and one that only the twin has.
    /// </summary>
    private static async Task<DemoJob> ByIdsAsync(
        DemoStore store, DemoInput input, int number, string bot, string[] exceptUsers, CancellationToken cancel)
    {
        var ids = await store.IdsOfOthersAsync(bot, exceptUsers, input.IdsPerJob, cancel);
        if (ids.Count == 0)
            throw new CommandException("the input is too small: the demo needs at least four channel users");
        await store.ExpectByIdsAsync(number, bot, ids, cancel);
        string[] sent = input.TwinOnlyId is { } foreign ? [.. ids, ids[0], DemoConversations.UnknownId, foreign] : [.. ids];
        var title =
            $"erase {ids.Count:N0} conversations by id"
            + (input.TwinOnlyId is null ? "" : ", naming one twice, one that nobody has and one of another bot");
        return new DemoJob(
            number, title, bot, new JsonObject { ["conversationIds"] = new JsonArray([.. sent.Select(id => JsonValue.Create(id))]) })
        {
            NotFound = input.TwinOnlyId is null ? 0 : 2,
        };
    }
}
