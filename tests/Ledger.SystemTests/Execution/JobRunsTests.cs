using System.Text.Json;

namespace Ledger.SystemTests.Execution;

public sealed class JobRunsTests
{
    [Fact]
    public async Task A_job_by_channel_user_erases_all_of_the_users_conversations_and_nothing_else()
    {
        await using var service = await TestService.StartAsync();
        var other = await service.AddBotAsync();
        await service.AddConversationsAsync("a", 2500, "user-1", perKind: 2);
        await service.AddConversationsAsync("b", 10, "user-2");
        await service.AddConversationsAsync("a", 7, "user-1", bot: other);

        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();

        var status = await service.StatusAsync(job);
        Assert.Equal("completed", status.GetProperty("status").GetString());
        Assert.Equal("done", status.GetProperty("phase").GetString());
        var result = status.GetProperty("result");
        Assert.Equal(2500, result.GetProperty("totalConversations").GetInt64());
        Assert.Equal(2500, result.GetProperty("deletedCount").GetInt64());
        Assert.Equal(2500, result.GetProperty("processedCount").GetInt64());
        Assert.Equal(5000, result.GetProperty("deletedItems").GetProperty("recordings").GetInt64());
        Assert.Equal(10, await service.CountConversationsAsync());
        Assert.Equal(50, await service.CountItemsAsync());
        Assert.Equal(7, await service.CountConversationsAsync(other));
        Assert.Equal(2517, await service.ScalarAsync<long>("select count(*) from conversations.analytics"));
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from ledger.job_queue"));
    }

    [Fact]
    public async Task A_job_by_ids_records_one_outcome_for_each_distinct_id_with_the_reason_of_what_it_skips()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { RetentionDays = 30 });
        var other = await service.AddBotAsync();
        var recent = TimeProvider.System.GetUtcNow().AddDays(-2);
        await service.AddConversationsAsync("new", 3, "user-1", DateTimeOffset.FromUnixTimeMilliseconds(recent.ToUnixTimeMilliseconds()));
        await service.AddConversationsAsync("old", 1, "user-1");
        await service.AddConversationsAsync("theirs", 1, "user-1", bot: other);

        var first = await service.SubmitAsync(new { conversationIds = new[] { "new-00001" } });
        await service.RunSlicesAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "new-00003", "new-00002", "new-00003", "old-00001", "theirs-00001", "nobody", "new-00001" } });
        await service.RunSlicesAsync();

        Assert.Equal("completed", (await service.StatusAsync(first)).GetProperty("status").GetString());
        var result = (await service.StatusAsync(job)).GetProperty("result");
        Assert.Equal(6, result.GetProperty("totalConversations").GetInt64());
        Assert.Equal(2, result.GetProperty("deletedCount").GetInt64());
        Assert.Equal("""{"not_found":2,"retention":1,"already_erased":1}""", Compact(result.GetProperty("skipped")));
        using var response = await service.SendAsync(HttpMethod.Get, $"{service.Deletions}/{job}/outcomes");
        var outcomes = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("outcomes").EnumerateArray()
            .Select(o => $"{o.GetProperty("ordinal")} {o.GetProperty("conversationId")} {o.GetProperty("outcome")} {o.GetProperty("reason")}");
        Assert.Equal(
            ["0 new-00001 skipped already_erased", "1 new-00002 deleted ", "2 new-00003 deleted ", "3 nobody skipped not_found", "4 old-00001 skipped retention", "5 theirs-00001 skipped not_found"],
            outcomes);
        Assert.Equal(1, await service.CountConversationsAsync(other));
    }

    [Fact]
    public async Task A_job_that_identifies_nothing_is_completed_with_zeros()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { cId = "nobody" });
        await service.RunSlicesAsync();
        var status = await service.StatusAsync(job);
        Assert.Equal("completed", status.GetProperty("status").GetString());
        Assert.Equal(0, status.GetProperty("result").GetProperty("totalConversations").GetInt64());
        Assert.NotEqual(JsonValueKind.Null, status.GetProperty("startedAt").ValueKind);
    }

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element);
}
