using System.Text.Json;
using Ledger.Holds;
using Ledger.SystemTests.Certificates;
using Npgsql;

namespace Ledger.SystemTests.Execution;

/// <summary>
/// A legal hold that is placed at every statement of a running batch: each conversation is deleted or it is not, never both is said, and
/// nothing under the hold is deleted after its answer (docs/adr/0050).
/// </summary>
public sealed class HoldAgainstBatchTests(HoldAgainstBatchTests.SmallBatches shared) : IClassFixture<HoldAgainstBatchTests.SmallBatches>
{
    /// <summary>A job of six conversations has two batches.</summary>
    public sealed class SmallBatches() : SharedService(
        new TestServiceOptions { Execution = new TestServiceOptions().Execution with { BatchSize = 3 } });

    private static readonly string[] s_all = [.. Enumerable.Range(1, 6).Select(i => $"a-{i:D5}")];

    /// <summary>In both batches.</summary>
    private static readonly string[] s_held = ["a-00002", "a-00003", "a-00005"];

    [SkippableFact]
    public async Task A_hold_on_conversations_is_answered_at_every_statement_of_a_running_batch()
    {
        var seen = await AtEveryStatementAsync(
            service => service.SubmitAsync(new { conversationIds = s_all }),
            new { conversationIds = s_held, reason = "case 7" }, s_held,
            (answer, deleted) => Assert.Equal(
                deleted.Order(), answer.GetProperty("alreadyDeleted").EnumerateArray().Select(one => one.Text("conversationId")).Order()));
        Assert.Equal([0, 2, 3], seen.Order());
    }

    [SkippableFact]
    public async Task A_hold_on_a_channel_user_is_answered_at_every_statement_of_a_running_batch()
    {
        var seen = await AtEveryStatementAsync(
            service => service.SubmitAsync(new { cId = "user-1" }), new { cId = "user-1", reason = "case 7" }, s_all,
            (answer, deleted) => Assert.Equal(
                deleted.Count,
                answer.GetProperty("alreadyDeleted").EnumerateArray().Sum(one => one.GetProperty("deletedCount").GetInt32())));
        Assert.Equal([0, 3, 6], seen.Order());
    }

    /// <summary>Places the hold before each statement of the slice that deletes, each time against another bot's job.</summary>
    /// <param name="agrees">Compares the answer with the held conversations that were deleted.</param>
    /// <returns>The numbers of held conversations that were deleted before the hold.</returns>
    private async Task<IReadOnlySet<int>> AtEveryStatementAsync(
        Func<TestService, Task<string>> submit, object hold, string[] held, Action<JsonElement, IReadOnlyList<string>> agrees)
    {
        using var statements = new EveryStatement();
        var seen = new HashSet<int>();
        for (var number = 1; ; number++)
        {
            var service = await shared.WithOwnBotAsync();
            await service.AddConversationsAsync("a", 6, "user-1");
            var job = await submit(service);
            await service.Services.RunSliceAsync("test"); // resolves the list
            await service.WriteLogAsync();
            Task<JsonElement>? placing = null;
            var isReached = await statements.RunAsync(
                number, () => SliceAsync(service),
                async () =>
                {
                    placing = PlaceAsync(service, hold);
                    var began = TimeProvider.System.GetTimestamp();
                    // Where the slice stands while it reads the registry anew, the request waits for it and not for the batch.
                    await Steps.UntilAsync(
                        "the hold is neither recorded nor waiting",
                        async () => placing.IsCompleted || await IsOnItsWayAsync(service)
                            || TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(3));
                });
            if (!isReached)
            {
                Assert.True(number > 20, $"a slice has only {number - 1} statements");
                return seen;
            }
            seen.Add(await CheckAsync(service, job, await placing!, held, agrees));
        }
    }

    /// <summary>
    /// Works until nothing is due. On a slow machine its session can end while it stands still, as that of a frozen node.
    /// </summary>
    private static async Task SliceAsync(TestService service)
    {
        try
        {
            await service.Services.RunSliceAsync("test");
        }
        catch (NpgsqlException)
        {
            // What it had not committed counts as not begun.
        }
    }

    private static async Task<JsonElement> PlaceAsync(TestService service, object hold)
    {
        using var response = await service.SendAsync(HttpMethod.Post, $"/api/public/bot/{service.Bot}/legal-holds", hold);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == 201, text);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>True once the hold waits for the batch, or is recorded.</summary>
    private static Task<bool> IsOnItsWayAsync(TestService service) => service.ScalarAsync<bool>(
        """
        select exists (select from ledger.mt_doc_legalhold where bot = $1)
            or exists (
                select from pg_locks
                where locktype = 'advisory' and not granted and classid = $2::bigint::oid
                    and database = (select oid from pg_database where datname = current_database()))
        """,
        service.Bot, (long)HoldLock.Space);

    private static async Task<int> CheckAsync(
        TestService service, string job, JsonElement answer, string[] held, Action<JsonElement, IReadOnlyList<string>> agrees)
    {
        await service.RunSlicesAsync();
        var status = await service.StatusAsync(job);
        Assert.Equal("completed", status.Text("status"));
        using var response = await service.SendAsync(HttpMethod.Get, $"{service.Deletions}/{job}/outcomes");
        var outcomes = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("outcomes").EnumerateArray()
            .ToDictionary(one => one.Text("conversationId"), one => $"{one.Text("outcome")} {one.GetProperty("reason")}".Trim());
        var stored = (await service.ScalarAsync<string[]>(
            "select array(select conversation_id from conversations.conversations where bot_id = $1)", service.Bot)).ToHashSet();
        var deleted = held.Where(id => outcomes[id] == "deleted").ToArray();
        Assert.Equal(s_all.Except(held), s_all.Where(id => outcomes[id] == "deleted").Except(deleted));
        Assert.All(held.Except(deleted), id => Assert.Equal("skipped legal_hold", outcomes[id]));
        Assert.Equal(held.Except(deleted).Order(), stored.Order());
        agrees(answer, deleted);
        await CheckLiftingAsync(service, job, answer.Text("holdId"), held.Length - deleted.Length);
        return deleted.Length;
    }

    /// <summary>Lifting names the job, if it skipped anything.</summary>
    private static async Task CheckLiftingAsync(TestService service, string job, string hold, int skipped)
    {
        using var response = await service.SendAsync(HttpMethod.Delete, $"/api/public/bot/{service.Bot}/legal-holds/{hold}");
        var lifted = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(
            skipped == 0 ? [] : [$"{job} {skipped}"],
            lifted.GetProperty("skippedIn").EnumerateArray().Select(one => $"{one.Text("jobId")} {one.GetProperty("conversations")}"));
    }
}
