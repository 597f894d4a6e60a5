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
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where status = 'queued'"));
    }
}
