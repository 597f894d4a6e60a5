using Ledger.Contracts.Jobs;

namespace Ledger.SystemTests.Execution;

/// <summary>What cannot be deleted fails alone, is tried again three times, and is never called completed.</summary>
public sealed class RetryTests
{
    private static readonly TestServiceOptions s_ownClock = new() { OwnClock = true };

    /// <summary>The delays of <see cref="TestServiceOptions"/>.</summary>
    private static readonly TimeSpan[] s_delays = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3)];

    private const string RefuseTwo =
        "if old.conversation_id ~ '0000[27]$' then raise exception 'refused %', old.conversation_id; end if; return old;";

    [SkippableFact]
    public async Task Conversations_that_the_store_refuses_fail_alone_and_the_job_fails_after_three_retries_at_growing_delays()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 10, "user-1");
        await service.AddTriggerAsync("conversations", "refuse_two", "before delete", RefuseTwo);
        var job = await service.SubmitAsync(new { cId = "user-1" });

        await service.RunSlicesAsync();
        Assert.Equal("queued retrying 8 deleted 2 failed 0 skipped 2 retries", await service.CountsAsync(job));
        Assert.Equal(2, await service.CountConversationsAsync());
        Assert.Equal(10, await service.CountItemsAsync());
        foreach (var (delay, left) in s_delays.Zip([1, 0, 0]))
        {
            await service.Clock.AdvanceAsync(delay - TimeSpan.FromSeconds(15));
            await service.RunSlicesAsync(); // not yet
            await service.Clock.AdvanceAsync(TimeSpan.FromSeconds(16));
            await service.RunSlicesAsync();
            Assert.EndsWith($"8 deleted 2 failed 0 skipped {left} retries", await service.CountsAsync(job), StringComparison.Ordinal);
        }

        Assert.Equal("failed done 8 deleted 2 failed 0 skipped 0 retries", await service.CountsAsync(job));
        var events = await service.EventsAsync(job);
        Assert.Equal(
            ["1: 3", "1: 3", "2: 2", "2: 2", "3: 1", "3: 1", "4: 0", "4: 0"],
            events.Select(e => e.Event).OfType<Failed>().Select(f => $"{f.Attempt}: {f.RetriesRemaining}"));
        Assert.All(events.Select(e => e.Event).OfType<Failed>(), failed => Assert.Equal(FailureReason.StoreRefused, failed.Reason));
        Assert.Equal(
            s_delays,
            events.Where(e => e.Event is Scheduled { Reason: ScheduleReason.Retry }).Select(e => ((Scheduled)e.Event).PlannedAt - e.At));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_failure_that_a_later_attempt_mends_is_gone_from_the_counts()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 10, "user-1");
        await service.AddTriggerAsync("conversations", "refuse_two", "before delete", RefuseTwo);
        var job = await service.SubmitAsync(new { cId = "user-1" });

        await service.RunSlicesAsync();
        await AfterAsync(service, s_delays[0]);
        Assert.Equal("queued retrying 8 deleted 2 failed 0 skipped 1 retries", await service.CountsAsync(job));
        await service.ExecuteAsync("drop trigger refuse_two on conversations.conversations");
        await AfterAsync(service, s_delays[1]);

        Assert.Equal("completed done 10 deleted 0 failed 0 skipped 1 retries", await service.CountsAsync(job));
        Assert.Equal(0, await service.CountConversationsAsync());
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_conversation_that_others_lock_for_too_long_fails_as_locked_and_is_deleted_by_the_retry()
    {
        await using var service = await TestService.StartAsync(
            s_ownClock with { Execution = new() { BatchSize = 1, RetryDelays = s_delays } });
        await service.AddConversationsAsync("a", 2, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });

        await using (await service.LockConversationAsync("a-00001"))
            await service.RunSlicesAsync();
        Assert.Equal("queued retrying 1 deleted 1 failed 0 skipped 2 retries", await service.CountsAsync(job));
        Assert.Equal("failed locked", (await service.OutcomesByIdAsync(job))["a-00001"]);
        await AfterAsync(service, s_delays[0]);
        Assert.Equal("completed done 2 deleted 0 failed 0 skipped 2 retries", await service.CountsAsync(job));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_conversation_that_is_still_there_after_its_deletion_is_not_confirmed_and_nothing_of_it_is_gone()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 3, "user-1");
        await service.AddTriggerAsync(
            "conversations", "keep_one", "before delete", "if old.conversation_id = 'a-00002' then return null; end if; return old;");
        await NotConfirmedAsync(service);
    }

    [SkippableFact]
    public async Task A_conversation_of_which_other_items_went_than_were_counted_is_not_confirmed()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 3, "user-1");
        // Of one conversation, the DELETE of the items leaves the logs, and the DELETE of the conversation takes them along.
        await service.AddTriggerAsync("items", "leave_logs", "before delete",
            """
            if old.kind = 4 and pg_trigger_depth() = 1 and old.conversation_key = (select conversation_key
                from conversations.conversations where conversation_id = 'a-00002') then
                return null;
            end if;
            return old;
            """
        );
        await service.AddTriggerAsync(
            "conversations", "take_logs", "before delete",
            "delete from conversations.items where conversation_key = old.conversation_key; return old;");
        await NotConfirmedAsync(service);
    }

    private static async Task NotConfirmedAsync(TestService service)
    {
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        Assert.Equal("queued retrying 2 deleted 1 failed 0 skipped 2 retries", await service.CountsAsync(job));
        Assert.Equal("failed not_confirmed", (await service.OutcomesByIdAsync(job))["a-00002"]);
        Assert.Equal(1, await service.CountConversationsAsync());
        Assert.Equal(5, await service.CountItemsAsync());
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_list_that_cannot_be_resolved_fails_the_attempt_and_after_three_retries_the_job()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 3, "user-1");
        // When the user was created is what a list without dates begins with; that the user is there is what every deletion asks for.
        await service.ExecuteAsync(
            """
            revoke select on conversations.channel_users from ledger_service;
            grant select (bot_id, cid) on conversations.channel_users to ledger_service
            """
        );
        var (job, lucky) = (
            await service.SubmitAsync(new { cId = "user-1" }), await service.SubmitAsync(new { cId = "user-1", startDate = "2026-01-01" }));

        await service.RunSlicesAsync();
        Assert.Equal("queued retrying 0 deleted 0 failed 0 skipped 2 retries", await service.CountsAsync(job));
        // Its list does not need that.
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(lucky));
        foreach (var delay in s_delays)
            await AfterAsync(service, delay);

        Assert.Equal("failed done 0 deleted 0 failed 0 skipped 0 retries", await service.CountsAsync(job));
        var events = (await service.EventsAsync(job)).ConvertAll(e => e.Event);
        Assert.Equal(4, events.OfType<Failed>().Count(f => f is { Ordinal: null, Commitment: null, Reason: FailureReason.ListUnresolved }));
        Assert.Empty(events.OfType<Started>());
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_list_that_a_retry_resolves_is_worked_off()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 3, "user-1");
        await service.ExecuteAsync("revoke select on conversations.channel_users from ledger_service");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        await service.ExecuteAsync("grant select on conversations.channel_users to ledger_service");
        await AfterAsync(service, s_delays[0]);
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 2 retries", await service.CountsAsync(job));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableTheory]
    [InlineData("delete from ledger.job_secrets where job_id = $1")] // the key was destroyed
    [InlineData("update ledger.job_secrets set wrapped_key = 'damaged' where job_id = $1")]
    [InlineData("update ledger.job_secrets set sealed_request = 'damaged' where job_id = $1")]
    public async Task A_job_that_cannot_go_on_does_not_keep_the_others_of_its_window_waiting(string damage)
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 3, "user-1");
        var poisoned = await service.SubmitAsync(new { cId = "user-1" });
        Assert.True(JobId.TryParse(poisoned, out var id));
        await service.ExecuteAsync(damage, id.Value);
        await service.Clock.AdvanceAsync(TimeSpan.FromSeconds(1)); // the poisoned job is the first that is due
        var job = await service.SubmitAsync(new { conversationIds = new[] { "a-00001" } });

        await service.RunSlicesAsync();
        Assert.Equal("completed done 1 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal("queued retrying 0 deleted 0 failed 0 skipped 2 retries", await service.CountsAsync(poisoned));
        foreach (var delay in s_delays)
            await AfterAsync(service, delay);
        Assert.Equal("failed done 0 deleted 0 failed 0 skipped 0 retries", await service.CountsAsync(poisoned));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task Failures_in_several_manifest_rows_are_each_tried_again_and_the_job_ends()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 2100, "user-1");
        await service.AddTriggerAsync(
            "conversations", "refuse_three", "before delete",
            "if old.conversation_id in ('a-00005', 'a-00006', 'a-01030', 'a-02090') then raise exception 'no'; end if; return old;");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        foreach (var delay in s_delays)
            await AfterAsync(service, delay);
        Assert.Equal("failed done 2096 deleted 4 failed 0 skipped 0 retries", await service.CountsAsync(job));
        Assert.Equal(16, (await service.EventsAsync(job)).Count(e => e.Event is Failed));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_damaged_key_of_an_ended_job_does_not_stop_a_later_one_that_looks_for_missing_conversations()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 2, "user-1");
        var ended = await service.SubmitAsync(new { conversationIds = new[] { "a-00001" } });
        await service.RunSlicesAsync();
        Assert.True(JobId.TryParse(ended, out var id));
        await service.ExecuteAsync("update ledger.job_secrets set wrapped_key = 'damaged' where job_id = $1", id.Value);
        var job = await service.SubmitAsync(new { conversationIds = new[] { "a-00001", "a-00002" } });
        await service.RunSlicesAsync();
        Assert.Equal("completed done 1 deleted 0 failed 1 skipped 3 retries", await service.CountsAsync(job));
    }

    private static async Task AfterAsync(TestService service, TimeSpan delay)
    {
        await service.Clock.AdvanceAsync(delay + TimeSpan.FromSeconds(1));
        await service.RunSlicesAsync();
    }
}
