using System.Security.Cryptography;
using Ledger.Import;
using Ledger.SystemTests.Execution;

namespace Ledger.SystemTests.Conversations;

/// <summary>Imports and erasures of the same channel users at the same moment.</summary>
public sealed class ImportRaceTests
{
    private const string AsALane = "current_setting('application_name') = 'ledger lanes'";

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_erasure_waits_for_an_import_that_was_first_and_leaves_the_user_to_its_new_conversations(bool byChannelUser)
    {
        var log = new TestLog();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Log = log });
        await service.ImportAsync(new("c-1", "user-1"), new("c-2", "user-2"));
        // The import has the users' rows, and is held up before it stores the conversations.
        await service.AddTriggerAsync(
            "conversations", "hold_import", "before insert", $"if not {AsALane} then {Gate.Wait} end if; return new;");
        await using var gate = await Gate.CloseAsync(service);
        var import = Task.Run(
            () => service.ImportAsync(new("c-1", "user-1"), new("c-3", "user-1"), new("c-2", "user-2"), new("c-4", "user-2")));
        await service.UntilAnImportWaitsAsync();
        var job = await SubmitAsync(service, byChannelUser);
        var erasure = Task.Run(() => service.RunSlicesAsync());
        await service.UntilALaneWaitsAsync();
        await gate.OpenAsync();
        await Task.WhenAll(import, erasure);

        Assert.Equal(byChannelUser ? "c-2 c-3 c-4" : "c-3 c-4", await service.ConversationsAsync());
        Assert.Equal("user-1 user-2", await service.UsersAsync());
        await AssertBothEndedAsync(service, log, job, byChannelUser ? 1 : 2);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_import_waits_for_an_erasure_that_was_first_and_adds_the_user_anew(bool byChannelUser)
    {
        var log = new TestLog();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Log = log });
        await service.ImportAsync(new("c-1", "user-1"), new("c-2", "user-2"));
        await service.AddTriggerAsync(
            "conversations", "hold_erasure", "after delete", $"if {AsALane} then {Gate.Wait} end if; return old;");
        await using var gate = await Gate.CloseAsync(service);
        var job = await SubmitAsync(service, byChannelUser);
        var erasure = Task.Run(() => service.RunSlicesAsync());
        await service.UntilALaneWaitsAsync();
        // c-1 is being erased, and does not come back.
        var import = Task.Run(() => service.ImportAsync(new("c-1", "user-1"), new("c-3", "user-1"), new("c-4", "user-2")));
        await service.UntilAnImportWaitsAsync();
        await gate.OpenAsync();
        await Task.WhenAll(import, erasure);

        Assert.Equal(byChannelUser ? "c-2 c-3 c-4" : "c-3 c-4", await service.ConversationsAsync());
        Assert.Equal("user-1 user-2", await service.UsersAsync());
        await AssertBothEndedAsync(service, log, job, byChannelUser ? 1 : 2);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_erased_between_two_batches_of_an_import_stays_out_whatever_was_asked_for(bool again)
    {
        await using var service = await TestService.StartAsync();
        await service.ImportAsync(new("c-1", "user-1"), new("c-2", "user-2"));
        // A batch has 1,000 lines: c-1 comes with the second one.
        Line[] first = [.. Enumerable.Range(0, 1_000).Select(n => new Line($"d-{n:D4}", "user-3"))];
        var result = await service.ImportInBatchesAsync(
            again ? new TakeAgain("test", "asked for") : null, [.. first, new("c-1", "user-1"), new("c-2", "user-2"), new("c-3", "user-1")],
            async stored =>
            {
                if (stored != 1_000)
                    return;
                await service.SubmitAsync(new { cId = "user-1" });
                await service.RunSlicesAsync();
                Assert.StartsWith("c-2 d-0000", await service.ConversationsAsync(), StringComparison.Ordinal);
            });
        Assert.Equal(
            (1_001, 1, 1, 0, "line 1001"),
            (result.Totals.Imported, result.Totals.AlreadyThere, result.Totals.LeftOut, result.Totals.TakenAgain, $"{result.LeftOut}"));
        Assert.StartsWith("c-2 c-3 d-0000", await service.ConversationsAsync(), StringComparison.Ordinal);
        await service.AssertUsersAgreeAsync();
        // Analytics stay when a conversation is erased.
        Assert.Equal("1002 1003", await service.ScalarAsync<string>(
            "select concat_ws(' ', (select count(*) from conversations.items), (select count(*) from conversations.analytics))"));
    }

    [SkippableFact]
    public async Task However_imports_and_erasures_meet_no_conversation_is_without_its_user_and_no_user_without_a_conversation()
    {
        const int Rounds = 60;
        var log = new TestLog();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Log = log, WriterLoop = true, Execution = new() { BatchSize = 3 } });
        using var ended = new CancellationTokenSource();
        var lanes = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                object byIds = new { conversationIds = Enumerable.Range(0, 5).Select(_ => Id()).ToArray() };
                var body = RandomNumberGenerator.GetInt32(2) == 0 ? new { cId = User() } : byIds;
                await service.SubmitAsync(body);
                await SliceAsync(service);
                await service.AssertUsersAgreeAsync();
            }
        })).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                // What was erased stays out in one round, and comes back in the next.
                Line[] lines = [.. Enumerable.Range(0, 6).Select(_ => LineOf(RandomNumberGenerator.GetInt32(12)))];
                await (round % 2 == 0 ? service.ImportAsync(lines) : service.ImportAgainAsync(lines));
                await service.AssertUsersAgreeAsync();
            }
        })));
        await ended.CancelAsync();
        await Task.WhenAll(lanes);

        for (var user = 0; user < 5; user++)
            await service.SubmitAsync(new { cId = $"user-{user}" });
        await Steps.UntilAsync("something is left", async () =>
        {
            await SliceAsync(service);
            return (await service.ConversationsAsync(), await service.UsersAsync()) == ("", "");
        });
        Assert.DoesNotContain(log.All, line => line.Contains("40P01", StringComparison.Ordinal));
    }

    private static string Id() => $"c-{RandomNumberGenerator.GetInt32(12)}";

    private static Line LineOf(int number) => new($"c-{number}", $"user-{number % 5}", $"2026-05-{number + 1:D2}T08:00:00Z");

    private static string User() => $"user-{RandomNumberGenerator.GetInt32(5)}";

    private static Task SliceAsync(TestService service) =>
        service.Services.RunSliceAsync("test");

    private static Task<string> SubmitAsync(TestService service, bool byChannelUser) =>
        service.SubmitAsync(byChannelUser ? (object)new { cId = "user-1" } : new { conversationIds = new[] { "c-1", "c-2" } });

    /// <summary>Nothing was lost, no deadlock had a victim, and jobs by cId without dates find everything afterwards.</summary>
    private static async Task AssertBothEndedAsync(TestService service, TestLog log, string job, int deleted)
    {
        await service.AssertUsersAgreeAsync();
        Assert.Equal($"completed done {deleted} deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.DoesNotContain(log.All, line => line.Contains("40P01", StringComparison.Ordinal));
        var left = await service.CountConversationsAsync();
        var jobs = new[] { await service.SubmitAsync(new { cId = "user-1" }), await service.SubmitAsync(new { cId = "user-2" }) };
        await service.RunSlicesAsync();
        Assert.Equal(("", ""), (await service.ConversationsAsync(), await service.UsersAsync()));
        var results = await Task.WhenAll(jobs.Select(async each => (await service.StatusAsync(each)).GetProperty("result")));
        Assert.Equal(left, results.Sum(result => result.GetProperty("deletedCount").GetInt64()));
    }
}
