using Ledger.SystemTests.Execution;
using Npgsql;

namespace Ledger.SystemTests.Conversations;

/// <summary>A channel user's row goes with that user's last conversation, and an import adds one only with a conversation.</summary>
public sealed class LastConversationTests(SharedService shared) : IClassFixture<SharedService>
{
    private static readonly TestServiceOptions s_ownClock = WithBatches(1024);

    [SkippableFact]
    public async Task A_user_stays_until_the_last_of_its_conversations_is_erased_by_whichever_job()
    {
        await using var service = await TestService.StartAsync(WithBatches(2));
        await service.ImportAsync(
            new("a-1", "user-1", "2026-05-01T08:00:00Z"), new("a-2", "user-1", "2026-05-02T08:00:00Z"),
            new("a-3", "user-1", "2026-05-03T08:00:00Z"), new("b-1", "user-2"),
            new("d-1", "user-3"), new("d-2", "user-4"), new("d-3", "user-5"));
        await service.SubmitAsync(new { cId = "user-1", startDate = "2026-05-01", endDate = "2026-05-02" });
        await service.RunSlicesAsync();
        Assert.Equal("user-1 user-2 user-3 user-4 user-5", await service.UsersAsync());

        // Five users of one job, in batches of two.
        await service.SubmitAsync(new { conversationIds = new[] { "d-3", "a-3", "d-2", "b-1", "d-1" } });
        await service.RunSlicesAsync();
        Assert.Equal(("", ""), (await service.ConversationsAsync(), await service.UsersAsync()));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task Another_bots_user_of_the_same_name_stays()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        var other = await service.AddBotAsync();
        await service.ImportAsync(new Line("a-1", "user-1"));
        await service.AddConversationsAsync("b", 1, "user-1", bot: other);
        await service.ExecuteAsync("insert into conversations.channel_users values ($1, 'user-1', '2026-01-01')", other);
        await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        Assert.Equal(other, await service.ScalarAsync<string>("select string_agg(bot_id, ' ') from conversations.channel_users"));
    }

    [SkippableFact]
    public async Task A_user_of_whom_a_conversation_could_not_be_erased_stays_until_a_retry_erases_it()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.ImportAsync(new("a-1", "user-1"), new("a-2", "user-1"), new("b-1", "user-2"), new("b-2", "user-3"));
        await service.AddTriggerAsync(
            "conversations", "refuse", "before delete",
            "if old.conversation_id in ('a-2', 'b-1') then raise exception 'refused'; end if; return old;");
        var job = await service.SubmitAsync(new { conversationIds = new[] { "a-1", "a-2", "b-1", "b-2" } });
        await service.RunSlicesAsync();
        Assert.Equal(("a-2 b-1", "user-1 user-2"), (await service.ConversationsAsync(), await service.UsersAsync()));

        await service.ExecuteAsync("drop trigger refuse on conversations.conversations");
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(1));
        await service.RunSlicesAsync();
        Assert.StartsWith("completed done 4 deleted 0 failed", await service.CountsAsync(job), StringComparison.Ordinal);
        Assert.Equal(("", ""), (await service.ConversationsAsync(), await service.UsersAsync()));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableTheory]
    [InlineData("raise exception 'refused';", "store_refused")]
    [InlineData("return null;", "not_confirmed")]
    public async Task A_user_whose_row_does_not_go_keeps_its_last_conversation_which_has_failed(string trigger, string reason)
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.ImportAsync(new("a-1", "user-1"), new("a-2", "user-1"), new("b-1", "user-2"));
        await service.AddTriggerAsync(
            "channel_users", "keep", "before delete", $"if old.cid = 'user-1' then {trigger} end if; return old;");
        var job = await service.SubmitAsync(new { conversationIds = new[] { "a-1", "a-2", "b-1" } });
        await service.RunSlicesAsync();

        Assert.Equal(("a-2", "user-1"), (await service.ConversationsAsync(), await service.UsersAsync()));
        Assert.StartsWith("queued retrying 2 deleted 1 failed", await service.CountsAsync(job), StringComparison.Ordinal);
        Assert.Equal($"failed {reason}", (await service.OutcomesByIdAsync(job))["a-2"]);
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_user_that_somebody_holds_fails_its_conversations_as_locked_and_nobody_elses()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.ImportAsync(new("b-1", "user-2"), new("d-1", "user-3"));
        await using var holder = new NpgsqlConnection(service.Database.Superuser);
        await holder.OpenAsync();
        await using var hold = await holder.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("select from conversations.channel_users where cid = 'user-2' for update", holder))
            await command.ExecuteNonQueryAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "b-1", "d-1" } });
        await service.RunSlicesAsync();

        Assert.Equal(("b-1", "user-2"), (await service.ConversationsAsync(), await service.UsersAsync()));
        Assert.Equal("failed locked", (await service.OutcomesByIdAsync(job))["b-1"]);
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_user_without_a_conversation_goes_when_its_erasure_is_asked_for()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.ImportAsync(new("a-1", "user-1"), new("b-1", "user-2"));
        await service.ExecuteAsync("insert into conversations.channel_users values ($1, 'user-9', '2026-01-01')", service.Bot);
        var (nothing, gone) = (await service.SubmitAsync(new { cId = "user-9" }), await service.SubmitAsync(new { cId = "user-1" }));
        // Both have their lists then; nothing is deleted before the log says so.
        await service.Services.RunSliceAsync("test");
        await service.ExecuteAsync("delete from conversations.items where body->>'text' like 'user-1 %'");
        await service.ExecuteAsync("delete from conversations.conversations where cid = 'user-1'");
        await service.RunSlicesAsync();

        Assert.Equal("completed done 0 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(nothing));
        Assert.Equal("completed done 0 deleted 0 failed 1 skipped 3 retries", await service.CountsAsync(gone));
        Assert.Equal("user-2", await service.UsersAsync());
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task An_import_adds_users_only_with_conversations_that_it_takes()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.ImportAsync(new("a-1", "user-1"), new("b-1", "user-2"));
        await service.SubmitAsync(new { conversationIds = new[] { "a-1" } });
        await service.RunSlicesAsync();
        var totals = await service.ImportAsync(new("a-1", "user-1"), new("d-1", "user-3"), new("d-1", "user-3"), new("b-1", "user-2"));
        Assert.Equal((1, 2, 1), (totals.Imported, totals.AlreadyThere, totals.LeftOut));
        Assert.Equal("user-2 user-3", await service.UsersAsync());
        await service.AssertUsersAgreeAsync();
    }

    [SkippableFact]
    public async Task A_job_by_cId_without_dates_reaches_back_to_the_bots_creation_where_the_user_has_no_row()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 2, "user-1", TestService.BotCreatedAt);
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        Assert.Equal("completed done 2 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
    }

    private static TestServiceOptions WithBatches(int size) =>
        new() { OwnClock = true, Execution = new() { BatchSize = size, RetryDelays = [TimeSpan.FromMinutes(1)] } };
}
