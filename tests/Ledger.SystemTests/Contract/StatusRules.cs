using System.Text.Json;
using Ledger.Contracts;
using Ledger.Projections.Status;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Contract;

/// <summary>Contract §2.</summary>
public sealed class StatusRules(ContractHost host) : ContractTest(host)
{
    private const string ByUser = """{"cId":"user-1"}""";

    [SkippableFact]
    public async Task An_empty_post_of_whatever_content_type_answers_as_get()
    {
        var job = await JobAsync(ByUser);
        var answer = await GetAsync(job);
        foreach (var type in new[] { "application/x-www-form-urlencoded", "application/json", "text/plain; charset=x", null })
        {
            var posted = await AnswerAsync(200, s => s.Target("POST", job).Sending("", type));
            Assert.Equal(answer.Body, posted.Body);
            Assert.Equal(answer.Response.Headers.ETag, posted.Response.Headers.ETag);
            Assert.NotNull(posted.Response.Headers.ETag);
        }
    }

    [SkippableFact]
    public async Task A_post_with_a_body_is_refused()
    {
        var job = await JobAsync(ByUser);
        foreach (var isLengthKnown in new[] { true, false })
        {
            var answer = await RefusedAsync(400, 400, "the body must be empty", s =>
            {
                s.Target("POST", job).Sending("{}");
                if (!isLengthKnown)
                    s.RemoveRequestHeader("Content-Length");
            });
            Assert.Null(answer.Response.Headers.ETag);
        }
    }

    [SkippableFact]
    public async Task A_queued_job_has_every_member_with_instants_null_and_counts_0_until_they_are_true()
    {
        var submitted = await SubmitAsync(ByUser);
        var answer = await GetAsync(submitted.Header("Location")!);
        Assert.Equal("application/json", answer.Header("Content-Type"));
        // In whatever order: the stored jsonb has its own, and what is stored is what is sent.
        Assert.Equal(
            ["completedAt", "jobId", "phase", "requestType", "result", "scheduledAt", "startedAt", "status", "submittedAt"],
            Names(answer.Json));
        var result = answer.Json.GetProperty("result");
        string[] counts = ["deletedCount", "failedCount", "processedCount", "skippedCount", "totalConversations"];
        Assert.Equal([.. counts.Concat(["deletedItems", "retriesRemaining", "skipped"]).Order(StringComparer.Ordinal)], Names(result));
        Assert.Equal(("queued", "waiting", "cId"), (answer.Member("status"), answer.Member("phase"), answer.Member("requestType")));
        Assert.Equal(submitted.Member("jobId"), answer.Member("jobId"));
        Assert.Equal(submitted.Member("submittedAt"), answer.Member("submittedAt"));
        Assert.All(["startedAt", "completedAt"], name => Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty(name).ValueKind));
        Assert.All(counts, name => Assert.Equal(0, result.GetProperty(name).GetInt32()));
        Assert.Equal(3, result.GetProperty("retriesRemaining").GetInt32());
    }

    [SkippableFact]
    public async Task The_members_come_in_the_order_of_the_sample_with_the_stored_values()
    {
        await ConversationsAsync("order", 3);
        var job = await JobAsync(ByUser);
        await Node.RunSlicesAsync();
        var id = Guid.Parse(job.Split("/cdj-")[1]);
        var stored = await Node.ScalarAsync<string>("select data::text from ledger.mt_doc_jobstatus where id = $1", id);
        var answer = await GetAsync(job);
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(stored).RootElement, answer.Json), answer.Body);
        Assert.Equal(
            "jobId status phase requestType submittedAt scheduledAt startedAt completedAt result",
            string.Join(' ', answer.Json.EnumerateObject().Select(member => member.Name)));
        Assert.Equal(
            "totalConversations processedCount deletedCount failedCount skippedCount retriesRemaining deletedItems skipped",
            string.Join(' ', answer.Json.GetProperty("result").EnumerateObject().Select(member => member.Name)));
        var listed = (await GetAsync($"{Deletions}?limit=1")).Json.GetProperty("jobs")[0];
        Assert.Equal(answer.Body, listed.GetRawText());
    }

    [SkippableFact]
    public async Task Retry_after_is_a_tenth_of_the_time_until_the_plan_from_5_s_to_5_minutes()
    {
        var evening = new DefineWindow($"evening-{Bot}", "0 0 18 * * ?", "UTC", 8 * 3600, 4, "test", null);
        Assert.Null(await Node.Registry.DefineWindowAsync(evening, CancellationToken.None));
        var bot = await Node.AddBotAsync(window: evening.Name);
        var noon = new DateTimeOffset(Node.Time.GetUtcNow().UtcDateTime.Date.AddDays(1).AddHours(12), TimeSpan.Zero);
        await Node.Clock.SetAsync(noon);
        var job = (await SubmitAsync(ByUser, bot: bot)).Header("Location")!;
        foreach (var (minutes, seconds) in new[] { (0, 300), (5 * 60, 300), (5 * 60 + 50, 60), (6 * 60, 5), (7 * 60, 5) })
        {
            await Node.Clock.SetAsync(noon.AddMinutes(minutes));
            var answer = await GetAsync(job);
            var unchanged = await AnswerAsync(304, s => s.Target("GET", job).With("If-None-Match", answer.Header("ETag")));
            // The clock goes on meanwhile.
            Assert.All(
                [answer, unchanged],
                one => Assert.InRange(int.Parse(one.Header("Retry-After")!), seconds == 60 ? 55 : seconds, seconds));
        }
    }

    [SkippableFact]
    public async Task An_unfinished_job_of_a_paused_bot_is_shown_as_paused_until_it_is_resumed_and_the_stored_document_stays()
    {
        var pauses = Node.Services.GetRequiredService<DeletionPauses>();
        var job = await JobAsync(ByUser);
        var waiting = await GetAsync(job);
        Assert.Null(await pauses.PauseAsync(Bot, "test", "a test", CancellationToken.None));
        await KnowAsync();
        var paused = await GetAsync(job);
        Assert.Equal("queued paused", await InShortAsync(job));
        Assert.Equal(waiting.Body.Replace("waiting", "paused", StringComparison.Ordinal), paused.Body);
        Assert.NotEqual(waiting.Header("ETag"), paused.Header("ETag"));
        Assert.Equal("paused", (await GetAsync(Deletions)).Json.GetProperty("jobs")[0].GetProperty("phase").GetString());
        Assert.Equal(waiting.Body, StatusText.Of(await Node.ScalarAsync<string>(
            "select data::text from ledger.mt_doc_jobstatus where id = $1", Guid.Parse(job.Split("/cdj-")[1]))));
        Assert.Null(await pauses.ResumeAsync(Bot, "test", null, CancellationToken.None));
        await KnowAsync();
        Assert.Equal(waiting.Body, (await GetAsync(job)).Body);

        // The node knows the registry of a second ago at most.
        async Task KnowAsync() => await Node.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(
            Node.Time.GetTimestamp(), CancellationToken.None);
    }

    [SkippableFact]
    public async Task Status_stays_queued_until_the_job_ends_and_is_then_completed()
    {
        await ConversationsAsync("a", 6);
        var job = await JobAsync(ByUser);
        Assert.Equal("queued waiting", await InShortAsync(job));
        Task run;
        // Its second batch waits, and with it the job.
        await using (await Node.LockConversationAsync("a-00006"))
        {
            run = Node.RunSlicesAsync();
            await Node.UntilALaneWaitsAsync();
            Assert.Equal("queued running", await InShortAsync(job));
        }
        await run;
        Assert.Equal("completed done", await InShortAsync(job));
        var ended = await GetAsync(job);
        Assert.All(["startedAt", "completedAt"], name => Assert.Equal(JsonValueKind.String, ended.Json.GetProperty(name).ValueKind));
    }

    [SkippableFact]
    public async Task Total_is_known_when_the_job_starts_and_processed_is_deleted_failed_and_skipped_together()
    {
        await ConversationsAsync("b", 6);
        var job = await JobAsync("""{"conversationIds":["b-00001","b-00002","b-00003","b-00004","b-00005","b-00006","nobody"]}""");
        Task run;
        await using (await Node.LockConversationAsync("b-00006"))
        {
            run = Node.RunSlicesAsync();
            await Node.UntilALaneWaitsAsync();
            Assert.Equal("of 7: 4 = 4 deleted, 0 failed, 0 skipped; 3 retries", await CountsAsync(job));
        }
        await run;
        Assert.Equal("of 7: 7 = 6 deleted, 0 failed, 1 skipped; 3 retries", await CountsAsync(job));
    }

    [SkippableFact]
    public async Task A_job_with_failures_is_never_completed_and_is_failed_once_retries_are_exhausted()
    {
        await ConversationsAsync("c", 3);
        await RefuseAsync("c-00002");
        try
        {
            var job = await JobAsync(ByUser);
            await Node.RunSlicesAsync();
            for (var retries = 2; retries > 0; retries--)
            {
                Assert.Equal("queued retrying", await InShortAsync(job));
                Assert.Equal($"of 3: 3 = 2 deleted, 1 failed, 0 skipped; {retries} retries", await CountsAsync(job));
                await RetryAsync(3 - retries);
            }
            await RetryAsync(3);
            Assert.Equal("failed done", await InShortAsync(job));
            Assert.Equal("of 3: 3 = 2 deleted, 1 failed, 0 skipped; 0 retries", await CountsAsync(job));
            Assert.Equal(JsonValueKind.String, (await GetAsync(job)).Json.GetProperty("completedAt").ValueKind);
        }
        finally
        {
            await RefuseNoMoreAsync();
        }
    }

    [SkippableFact]
    public async Task FailedCount_falls_again_when_a_retry_succeeds_and_the_job_is_completed()
    {
        await ConversationsAsync("d", 2);
        await RefuseAsync("d-00001");
        var job = await JobAsync(ByUser);
        await Node.RunSlicesAsync();
        var failing = await GetAsync(job);
        Assert.Equal("of 2: 2 = 1 deleted, 1 failed, 0 skipped; 2 retries", await CountsAsync(job));
        await RefuseNoMoreAsync();
        await RetryAsync(1);
        Assert.Equal("of 2: 2 = 2 deleted, 0 failed, 0 skipped; 2 retries", await CountsAsync(job));
        Assert.Equal("completed done", await InShortAsync(job));
        // The first attempt's start, and the retry's plan.
        var ended = await GetAsync(job);
        Assert.Equal(failing.Member("startedAt"), ended.Member("startedAt"));
        Assert.Equal(failing.Member("scheduledAt"), ended.Member("scheduledAt"));
        Assert.True(DateTimeOffset.Parse(ended.Member("startedAt")) < DateTimeOffset.Parse(ended.Member("scheduledAt")));
    }

    [SkippableFact]
    public async Task A_job_that_identifies_nothing_is_completed_with_zeros()
    {
        var job = await JobAsync("""{"cId":"nobody"}""");
        await Node.RunSlicesAsync();
        Assert.Equal("completed done", await InShortAsync(job));
        Assert.Equal("of 0: 0 = 0 deleted, 0 failed, 0 skipped; 3 retries", await CountsAsync(job));
        Assert.Equal(JsonValueKind.String, (await GetAsync(job)).Json.GetProperty("startedAt").ValueKind);
    }

    [SkippableFact]
    public async Task A_job_whose_list_could_never_be_resolved_is_failed()
    {
        await ConversationsAsync("e", 1);
        // When the user was created is what a list without dates begins with; that the user is there is what every deletion asks for.
        await Node.ExecuteAsync(
            """
            revoke select on conversations.channel_users from ledger_service;
            grant select (bot_id, cid) on conversations.channel_users to ledger_service
            """);
        try
        {
            var job = await JobAsync(ByUser);
            await Node.RunSlicesAsync();
            for (var retry = 1; retry <= 3; retry++)
            {
                Assert.Equal("queued retrying", await InShortAsync(job));
                await RetryAsync(retry);
            }
            Assert.Equal("failed done", await InShortAsync(job));
            Assert.Equal("of 0: 0 = 0 deleted, 0 failed, 0 skipped; 0 retries", await CountsAsync(job));
            Assert.Equal(JsonValueKind.Null, (await GetAsync(job)).Json.GetProperty("startedAt").ValueKind);
        }
        finally
        {
            await Node.ExecuteAsync("grant select on conversations.channel_users to ledger_service");
        }
    }

    [SkippableFact]
    public async Task A_job_is_planned_from_the_moment_it_is_queued_and_paused_when_its_window_closes()
    {
        var night = new DefineWindow("night", "0 0 18 * * ?", "UTC", 8 * 3600, 4, "test", null);
        Assert.Null(await Node.Registry.DefineWindowAsync(night, CancellationToken.None));
        var bot = await Node.AddBotAsync(window: "night");
        await Node.AddConversationsAsync("f", 6, "user-1", bot: bot);
        var noon = Node.Time.GetUtcNow().Date.AddDays(1).AddHours(12);
        await Node.Clock.SetAsync(new DateTimeOffset(noon, TimeSpan.Zero));
        var job = (await SubmitAsync(ByUser, bot: bot)).Header("Location")!;
        Assert.Equal(At(noon.AddHours(6)), (await GetAsync(job)).Member("scheduledAt"));
        Assert.Equal("queued waiting", await InShortAsync(job));

        await Node.Clock.SetAsync(new DateTimeOffset(noon.AddHours(7), TimeSpan.Zero));
        Task run;
        await using (await Node.LockConversationAsync("f-00006"))
        {
            run = Node.RunSlicesAsync("night");
            await Node.UntilALaneWaitsAsync(); // in its second batch
            await Node.Clock.SetAsync(new DateTimeOffset(noon.AddHours(14), TimeSpan.Zero));
        }
        await run;
        Assert.Equal("queued paused", await InShortAsync(job));
        Assert.Equal("of 6: 4 = 4 deleted, 0 failed, 0 skipped; 3 retries", await CountsAsync(job));
        Assert.Equal(At(noon.AddHours(30)), (await GetAsync(job)).Member("scheduledAt"));
    }

    [SkippableFact]
    public async Task Removed_items_are_counted_by_kind()
    {
        await Node.AddConversationsAsync("g", 3, "user-1", perKind: 2, bot: Bot);
        await Node.ExecuteAsync(
            """
            delete from conversations.items i using conversations.conversations c
            where i.conversation_key = c.conversation_key and c.conversation_id = 'g-00001' and i.kind in (2, 3)
            """);
        var job = await JobAsync(ByUser);
        await Node.RunSlicesAsync();
        var items = (await GetAsync(job)).Json.GetProperty("result").GetProperty("deletedItems");
        Assert.Equal(["attachments 4", "logs 6", "messages 6", "recordings 4", "transcripts 6"], Pairs(items));
    }

    [SkippableFact]
    public async Task Skipped_conversations_are_counted_by_reason_one_outcome_for_each_distinct_id()
    {
        var (bot, other) = (await Node.AddBotAsync(retentionDays: 30), await Node.AddBotAsync());
        var recent = Instant.Truncate(Node.Time.GetUtcNow().AddDays(-2));
        await Node.AddConversationsAsync("new", 3, "user-1", recent, bot: bot);
        await Node.AddConversationsAsync("old", 1, "user-1", recent.AddYears(-1), bot: bot);
        await Node.AddConversationsAsync("theirs", 1, "user-1", bot: other);

        var first = (await SubmitAsync("""{"conversationIds":["new-00001"]}""", bot: bot)).Header("Location")!;
        await Node.RunSlicesAsync();
        var ids = """["new-00003","new-00002","new-00003","old-00001","theirs-00001","nobody","new-00001"]""";
        var job = (await SubmitAsync($$"""{"conversationIds":{{ids}}}""", bot: bot)).Header("Location")!;
        await Node.RunSlicesAsync();

        Assert.Equal("completed done", await InShortAsync(first));
        Assert.Equal("of 6: 6 = 2 deleted, 0 failed, 4 skipped; 3 retries", await CountsAsync(job));
        var skipped = (await GetAsync(job)).Json.GetProperty("result").GetProperty("skipped");
        Assert.Equal(["already_erased 1", "not_found 2", "retention 1"], Pairs(skipped));
        var outcomes =
            from outcome in (await GetAsync($"{job}/outcomes")).Json.GetProperty("outcomes").EnumerateArray()
            select string.Join(' ', outcome.EnumerateObject().Select(member => member.Value.ToString()));
        Assert.Equal(
            [
                "0 new-00001 skipped already_erased", "1 new-00002 deleted ", "2 new-00003 deleted ", "3 nobody skipped not_found",
                "4 old-00001 skipped retention", "5 theirs-00001 skipped not_found",
            ],
            outcomes);
        Assert.Equal(1, await Node.CountConversationsAsync(other));
    }

    [SkippableFact]
    public async Task Another_bots_job_an_unknown_one_and_what_is_no_job_id_are_the_same_404()
    {
        var other = await Node.AddBotAsync();
        var job = (await JobAsync(ByUser)).Split('/')[^1];
        foreach (var path in new[]
        {
            $"{DeletionsOf(other)}/{job}", $"{Deletions}/cdj-00000000-0000-5000-8000-000000000000",
            $"{Deletions}/{job.ToUpperInvariant()}", $"{Deletions}/{job[4..]}", $"{Deletions}/x", $"{Deletions}/%01",
        })
        {
            (await GetAsync(path, 404)).IsError(404, 404, "there is no such job");
            (await AnswerAsync(404, s => s.Target("POST", path).Sending(""))).IsError(404, 404, "there is no such job");
            (await GetAsync($"{path}/outcomes", 404)).IsError(404, 404, "there is no such job");
        }
    }

    [SkippableFact]
    public async Task An_etag_saves_sending_the_document_again_and_only_unfinished_jobs_say_when_to_ask_again()
    {
        var job = await JobAsync("""{"cId":"nobody"}""");
        var first = await GetAsync(job);
        var etag = first.Response.Headers.ETag!;
        Assert.False(etag.IsWeak);
        var caching = first.Response.Headers.CacheControl!;
        Assert.Equal((true, true, false), (caching.Private, caching.NoCache, caching.NoStore));
        Assert.True(int.Parse(first.Header("Retry-After")!) > 0);
        foreach (var known in new[] { etag.ToString(), $"W/{etag}", $"\"other\", {etag}", "*" })
        {
            var answer = await AnswerAsync(304, s => s.Target("GET", job).With("If-None-Match", known));
            Assert.Empty(answer.Body);
            Assert.Equal(etag, answer.Response.Headers.ETag);
            Assert.NotNull(answer.Header("Retry-After"));
        }
        foreach (var other in new[] { "\"other\"", "W/\"other\"", etag.ToString().Trim('"'), "", "\"", ",,," })
            await AnswerAsync(200, s => s.Target("GET", job).With("If-None-Match", other));

        await Node.RunSlicesAsync();
        var ended = await AnswerAsync(200, s => s.Target("GET", job).With("If-None-Match", etag.ToString()));
        Assert.NotEqual(etag, ended.Response.Headers.ETag);
        Assert.Null(ended.Header("Retry-After"));
    }

    /// <summary>The store refuses to delete a conversation.</summary>
    private Task RefuseAsync(string conversation) => Node.AddTriggerAsync(
        "conversations", "refuse", "before delete",
        $"if old.conversation_id = '{conversation}' then raise exception 'no'; end if; return old;");

    private Task RefuseNoMoreAsync() =>
        Node.ExecuteAsync("drop trigger refuse on conversations.conversations; drop function conversations.refuse");

    private Task ConversationsAsync(string prefix, int count) => Node.AddConversationsAsync(prefix, count, "user-1", bot: Bot);

    /// <summary>As long as a job waits for its n-th retry, and a little more.</summary>
    private async Task RetryAsync(int retry)
    {
        await Node.Clock.AdvanceAsync(TimeSpan.FromMinutes(retry) + TimeSpan.FromSeconds(1));
        await Node.RunSlicesAsync();
    }

    private async Task<string> InShortAsync(string job)
    {
        var answer = await GetAsync(job);
        return $"{answer.Member("status")} {answer.Member("phase")}";
    }

    private async Task<string> CountsAsync(string job)
    {
        var result = (await GetAsync(job)).Json.GetProperty("result");
        int Count(string name) => result.GetProperty(name).GetInt32();
        return $"of {Count("totalConversations")}: {Count("processedCount")} = {Count("deletedCount")} deleted, "
            + $"{Count("failedCount")} failed, {Count("skippedCount")} skipped; {Count("retriesRemaining")} retries";
    }

    private static string At(DateTime utc) => $"{utc:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}";

    private static IEnumerable<string> Names(JsonElement json) =>
        json.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Pairs(JsonElement json) =>
        json.EnumerateObject().Select(member => $"{member.Name} {member.Value}").Order(StringComparer.Ordinal);
}
