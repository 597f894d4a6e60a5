using System.Security.Cryptography;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.EventStore;
using Ledger.Projections.ChangeLog;
using Ledger.SystemTests.Execution;
using Ledger.Transparency;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>Contract §3.</summary>
public sealed class ChangeLogTests
{
    private const string RefuseTwo = "if old.conversation_id ~ '0000[27]$' then raise exception 'no'; end if; return old;";

    /// <summary>The table as text: without what a rebuild must not change, nothing is left out.</summary>
    private const string AllRows = "select string_agg(c::text, E'\\n' order by position) from ledger.change_log c";

    [SkippableFact]
    public async Task The_entries_of_jobs_that_ran_fold_to_their_stored_documents()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true, RetentionDays = 1000, Execution = new() { BatchSize = 4, RetryDelays = [TimeSpan.FromMinutes(1)] } });
        await service.AddConversationsAsync("a", 10, "user-1");
        await service.AddConversationsAsync("b", 2, "user-2");
        await service.AddConversationsAsync("old", 3, "user-1", new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await service.AddTriggerAsync("conversations", "refuse_two", "before delete", RefuseTwo);
        var skips = await service.SubmitAsync(new { conversationIds = new[] { "b-00001", "nobody", "old-00001" } });
        var retries = await service.SubmitAsync(new { cId = "user-1", startDate = "2020-01-01" });
        var nothing = await service.SubmitAsync(new { cId = "nobody" });
        await service.RunSlicesAsync();
        var waiting = await service.ChangeLogAsync();
        await service.AssertFoldsAsync(retries, waiting, await service.EventsAsync(retries));
        for (var attempt = 2; attempt <= Limits.Attempts; attempt++)
        {
            await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(2));
            await service.RunSlicesAsync();
        }
        Assert.Equal("completed done 1 deleted 0 failed 2 skipped 3 retries", await service.CountsAsync(skips));
        Assert.Equal("failed done 8 deleted 2 failed 3 skipped 0 retries", await service.CountsAsync(retries));

        var log = await service.ChangeLogAsync();
        Assert.Equal(waiting.Select(entry => entry.Id), log.Take(waiting.Count).Select(entry => entry.Id));
        foreach (var job in new[] { skips, retries, nothing })
            await service.AssertFoldsAsync(job, log, await service.EventsAsync(job));
        // Two batches or more in the first attempt, one in each retry.
        Assert.True(log.Count(entry => entry.ResourceId == retries && entry.Detail.Type == ChangeLogDetail.Outcomes) >= 6);
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task An_entry_has_the_original_members_and_says_in_plain_words_what_happened()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("a", 2, "user-1");
        var job = await service.SubmitAsync(new { conversationIds = new[] { "a-00001", "a-00002", "nobody" } });
        await service.RunSlicesAsync();

        var entries = JsonDocument.Parse((await service.AskAsync(Entries.ChangeLogPath(service.Bot))).Is(200).Body).RootElement.EnumerateArray().ToList();
        var outcomes = Assert.Single(entries, entry => entry.GetProperty("detail").GetProperty("type").GetString() == "outcomes");
        Assert.Equal(
            ["_id", "userId", "streamId", "resourceId", "resourceType", "message", "createdOn", "__v", "detail"], outcomes.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ["id", "firstName", "lastName", "emailId", "activationStatus", "profColour", "profImage", "_id", "orgId"],
            outcomes.GetProperty("userId").EnumerateObject().Select(member => member.Name));
        Assert.Equal(TestService.ClientId, outcomes.GetProperty("userId").GetProperty("id").GetString());
        Assert.Matches("^btl-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", outcomes.GetProperty("_id").GetString());
        Assert.Equal((service.Bot, job, "conversationDeletionJob", 0), (
            outcomes.GetProperty("streamId").GetString(), outcomes.GetProperty("resourceId").GetString(), outcomes.GetProperty("resourceType").GetString(), outcomes.GetProperty("__v").GetInt32()));
        Assert.Equal("Outcomes of 3 conversations: 2 deleted, 0 failed, 1 skipped (not found 1).", outcomes.GetProperty("message").GetString());
        var first = await LeafAsync(service, job, 4);
        Assert.Equal(
            $$$"""{"type":"outcomes","firstVersion":4,"lastVersion":6,"leaves":{"first":{{{first}}},"end":{{{first + 3}}}},"deleted":2,"failed":0,"skipped":{"not_found":1},"items":{"messages":2,"transcripts":2,"recordings":2,"attachments":2,"logs":2}}""",
            outcomes.GetProperty("detail").GetRawText());
        Assert.Equal((await service.EventsAsync(job))[3].At, outcomes.GetProperty("createdOn").GetDateTimeOffset());
        var messages = entries.Select(entry => entry.GetProperty("message").GetString()!).ToList();
        Assert.Equal("Bot registered.", messages[0]);
        Assert.Equal($"Client {TestService.ClientId} may now use: Delete Conversations, Logs History, Erasure Proofs, Ledger Audit, Legal Holds.", messages[1]);
        Assert.Equal("Deletion of conversations requested, by conversation ids.", messages[2]);
        Assert.Matches(@"^Planned for \S+Z in the window test\.$", messages[3]);
        Assert.Equal("Started: 3 conversations identified.", messages[4]);
        Assert.Equal("Ended (completed): of 3 conversations, 2 deleted, 0 failed, 1 skipped (not found 1).", messages[6]);
        Assert.DoesNotContain("owner@example.com", JsonSerializer.Serialize(entries), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Pages_by_number_are_those_of_the_whole_and_days_are_inclusive()
    {
        await using var service = await TestService.StartAsync();
        foreach (var at in new[] { "2026-05-03T23:59:59.999Z", "2026-05-04T00:00:00Z", "2026-05-04T23:59:59.999Z", "2026-05-05T00:00:00Z" })
            await AppendAsync(service, NewJob(), 0, [new Submitted(service.Bot, RequestType.CId, [new byte[32]], "cs-other"), new Started(1, 0, new byte[32])], Steps.At(at));
        await service.WriteLogAsync();
        var all = await service.ChangeLogAsync();
        Assert.Equal(2 + 4 * 2, all.Count);
        foreach (var limit in new[] { 1, 3, 4, 50 })
        {
            var paged = new List<ChangeLogEntry>();
            for (var page = 0; paged.Count < all.Count; page++)
            {
                var entries = await service.PageAsync($"limit={limit}&offset={page}");
                Assert.Equal(Math.Min(limit, all.Count - paged.Count), entries.Count);
                paged.AddRange(entries);
            }
            Assert.Equal(all.Select(entry => entry.Id), paged.Select(entry => entry.Id));
            Assert.Empty(await service.PageAsync($"limit={limit}&offset={all.Count / limit + 1}"));
        }
        var on = (DateTimeOffset from, DateTimeOffset before) => all.Where(entry => entry.CreatedOn >= from && entry.CreatedOn < before).Select(entry => entry.Id).ToList();
        Assert.Equal(4, on(Steps.At("2026-05-04T00:00:00Z"), Steps.At("2026-05-05T00:00:00Z")).Count);
        foreach (var (query, from, before) in new[]
        {
            ("startDate=2026-05-04&endDate=2026-05-04", "2026-05-04", "2026-05-05"), ("startDate=2026-05-04", "2026-05-04", "9999-01-01"),
            ("endDate=2026-05-03", "0001-01-01", "2026-05-04"), ("startDate=2026-05-03&endDate=2026-05-05", "2026-05-03", "2026-05-06"), ("startDate=2026-05-06&endDate=2026-05-06", "2026-05-06", "2026-05-07"),
        })
            Assert.Equal(on(Steps.At($"{from}T00:00:00Z"), Steps.At($"{before}T00:00:00Z")), (await service.PageAsync(query)).Select(entry => entry.Id));
        // The cursor and a range: what comes behind it, within the range.
        Assert.Equal([all[5].Id], (await service.PageAsync($"fetchAfter={all[4].Id}&startDate=2026-05-04&endDate=2026-05-04&limit=1")).Select(entry => entry.Id));
    }

    [SkippableTheory]
    [InlineData("limit=51", "limit must be a whole number from 1 to 50")]
    [InlineData("limit=0", "limit must be a whole number from 1 to 50")]
    [InlineData("offset=-1", "offset must be a whole number from 0")]
    [InlineData("startDate=2026-05-04T00:00:00Z", "startDate must be a date such as 2026-05-04")]
    [InlineData("endDate=2026-02-30", "endDate must be a date such as 2026-05-04")]
    [InlineData("startDate=2026-05-05&endDate=2026-05-04", "startDate must not be after endDate")]
    [InlineData("fetchAfter=btl-69eb0c87-0000-4000-8000-000000000000", "fetchAfter must be the _id of an entry of this bot's change log")]
    [InlineData("fetchAfter=5", "fetchAfter must be the _id of an entry of this bot's change log")]
    [InlineData("fetchAfter=btl-69eb0c87-0000-4000-8000-000000000000&offset=0", "two ways to page")]
    [InlineData("enddate=2026-05-04", "query parameter 1 is unknown")]
    [InlineData("limit=1&limit=2", "limit is there more than once")]
    public async Task A_query_that_breaks_a_rule_is_refused(string query, string message)
    {
        await using var service = await TestService.StartAsync();
        (await service.AskAsync($"{Entries.ChangeLogPath(service.Bot)}?{query}")).IsError(400, 400, message);
    }

    [SkippableFact]
    public async Task Only_who_was_granted_Logs_History_sees_the_log_and_only_the_bots_own()
    {
        await using var service = await TestService.StartAsync();
        var other = await service.AddBotAsync();
        var mine = await service.SubmitAsync(new { cId = "user-1" });
        var theirs = await service.SubmitAsync(new { cId = "user-1" }, other);
        Assert.Empty(await service.PageAsync()); // nothing is in the log yet
        await service.WriteLogAsync();

        (await service.AskAsync(Entries.ChangeLogPath(service.Bot), service.Token(Scope.LogsHistory))).Is(200);
        foreach (var scope in Enum.GetValues<Scope>().Where(scope => scope != Scope.LogsHistory))
            (await service.AskAsync(Entries.ChangeLogPath(service.Bot), service.Token(scope))).IsError(403, 4002, "Permission denied. Scope is incorrect!");
        (await service.AskAsync(Entries.ChangeLogPath(other), service.Token(Scope.LogsHistory))).IsError(401, 4002, "Invalid SDK credentials");
        (await service.AskAsync(Entries.ChangeLogPath(service.Bot), "no.token.atall")).IsError(401, 4002);
        Assert.Equal([mine], (await service.ChangeLogAsync()).Where(entry => entry.ResourceType == ChangeLogEntry.JobResource).Select(entry => entry.ResourceId).Distinct());
        var log = await service.ChangeLogAsync(other);
        Assert.Equal([theirs], log.Where(entry => entry.ResourceType == ChangeLogEntry.JobResource).Select(entry => entry.ResourceId).Distinct());
        Assert.All(log, entry => Assert.Equal(other, entry.StreamId));
        (await service.AskAsync($"{Entries.ChangeLogPath(service.Bot)}?fetchAfter={log[0].Id}")).IsError(400, 400);
    }

    [SkippableFact]
    public async Task Its_migration_makes_the_entries_of_what_was_logged_before_and_what_follows_goes_on_from_there()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("a", 3, "user-1");
        var ended = await service.SubmitAsync(new { conversationIds = new[] { "a-00001", "nobody" } });
        await service.RunSlicesAsync();
        var before = await service.ScalarAsync<string>(AllRows);
        var begun = await service.SubmitAsync(new { cId = "user-1" }); // queued for the log
        await service.ExecuteAsync(
            """
            drop trigger runs_extend_the_change_log on ledger.log_runs;
            drop function ledger.change_log_of, ledger.extend_change_log, ledger.is_outcome, ledger.number_in;
            drop table ledger.change_log;
            drop index ledger.mt_events_disclosures;
            delete from ledger.schema_migrations where name = '0008_change_log';
            """);
        await using (var owner = new NpgsqlConnection(service.Database.Superuser))
        {
            await owner.OpenAsync();
            Assert.Equal(["0008_change_log"], await Migrator.ApplyAsync(owner, CancellationToken.None));
        }
        Assert.Equal(before, await service.ScalarAsync<string>(AllRows));

        await service.RunSlicesAsync();
        var log = await service.ChangeLogAsync();
        await service.AssertFoldsAsync(ended, log, await service.EventsAsync(ended));
        await service.AssertFoldsAsync(begun, log, await service.EventsAsync(begun));
    }

    [SkippableFact]
    public async Task A_rebuild_of_the_table_gives_the_same_entries_with_the_same_ids()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 2 } });
        await service.AddConversationsAsync("a", 7, "user-1");
        await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var (rows, page) = (await service.ScalarAsync<string>(AllRows), (await service.AskAsync(Entries.ChangeLogPath(service.Bot))).Body);
        await service.ExecuteAsync(
            """
            delete from ledger.change_log;
            insert into ledger.change_log
            select c.* from (select array_agg(id) as ids, array_agg(1::bigint) as versions from ledger.mt_streams) s cross join lateral ledger.change_log_of(s.ids, s.versions) c
            """);
        Assert.Equal(rows, await service.ScalarAsync<string>(AllRows));
        Assert.Equal(page, (await service.AskAsync(Entries.ChangeLogPath(service.Bot))).Body);
    }

    [SkippableFact]
    public async Task A_batch_of_which_a_part_is_in_the_log_is_no_entry_until_all_of_it_is()
    {
        await using var service = await TestService.StartAsync();
        await service.WriteLogAsync();
        var (job, others) = (NewJob(), 0);
        // Larger than what one pass takes, which only another program appends; the two events in front make the pass end in the middle.
        var outcomes = Enumerable.Range(0, 6_000).Select(n => (object)new ConversationSkipped(new byte[32], n, SkipReason.NotFound)).ToList();
        await AppendAsync(service, job, 0, [new Submitted(service.Bot, RequestType.CId, [new byte[32]], "cs-other"), new Started(1, 6_000, new byte[32])], Steps.At("2026-05-08T12:00:00Z"));
        await AppendAsync(service, job, 2, outcomes, Steps.At("2026-05-08T12:00:01Z"));
        var writer = service.Services.GetRequiredService<LogWriter>();
        var seen = new List<string>();
        while (await writer.RunOnceAsync(CancellationToken.None) is { Events: > 0 } pass)
        {
            Assert.Null(pass.Problem);
            others++;
            seen.Add(string.Join(' ', (await service.PageAsync()).Where(entry => entry.ResourceId == $"{job}").Select(Entries.Short)));
        }
        Assert.Equal(2, others);
        Assert.Equal(["submitted 1-1 started 2-2", "submitted 1-1 started 2-2 outcomes 3-6002"], seen);
    }

    [SkippableFact]
    public async Task What_cannot_be_an_outcome_is_counted_as_nothing_and_never_stops_the_log()
    {
        await using var service = await TestService.StartAsync();
        var job = NewJob();
        await AppendAsync(service, job, 0, [new Submitted(service.Bot, RequestType.CId, [new byte[32]], "cs-other"), new Started(1, 3, new byte[32])], Steps.At("2026-05-08T12:00:00Z"));
        await service.ExecuteAsync(
            """
            insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            select 1000000 + n, gen_random_uuid(), $1, 2 + n, d::jsonb, t, '2026-05-08T12:00:01Z'
            from (values (1, 'conversation_deleted', '{"items": {"messages": "many"}}'), (2, 'conversation_skipped', '{"reason": ["none"]}'), (3, 'failed', '"text"'), (4, 'from_the_future', '[]')) e (n, t, d)
            """, job.Value);
        await service.WriteLogAsync();
        var entries = (await service.PageAsync()).Where(entry => entry.ResourceId == $"{job}").ToList();
        Assert.Equal(["submitted 1-1", "started 2-2", "outcomes 3-4", "failed 5-5", "from_the_future 6-6"], entries.Select(Entries.Short));
        Assert.Equal(["Recorded: conversation_deleted.", "Recorded: failed.", "Recorded: from_the_future."], entries.Skip(2).Select(entry => entry.Message));
    }

    [SkippableFact]
    public async Task No_two_appends_to_a_job_share_an_instant_even_if_the_clock_goes_back()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true, Execution = new() { BatchSize = 3 } });
        await service.AddConversationsAsync("a", 7, "user-1");
        await service.AddTriggerAsync("items", "clock_goes_back", "after delete", "update test_clock.shift set by = by - interval '200 milliseconds' where old.kind = 0; return old;");
        await service.ExecuteAsync("grant update on test_clock.shift to public");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(1)); // it stays due
        await service.RunSlicesAsync();
        var events = await service.EventsAsync(job);
        // Submitted and Scheduled, Started, three batches of which the last ends the job: five instants, each later than the one before.
        Assert.Equal([2, 1, 3, 3, 2], events.GroupBy(e => e.At).Select(append => append.Count()));
        Assert.Equal(events.Select(e => e.At).Order(), events.Select(e => e.At));
        await service.AssertFoldsAsync(job, await service.ChangeLogAsync(), events);
        await service.AssertRecordsAgreeAsync();
    }

    private static JobId NewJob() => JobId.FromRandomness(RandomNumberGenerator.GetBytes(32));

    private static Task<long> LeafAsync(TestService service, string job, long version) => service.ScalarAsync<long>(
        "select first_index + $2 - first_version from ledger.log_runs where stream_id = $1 and $2 between first_version and first_version + count - 1", Guid.Parse(job["cdj-".Length..]), version);

    private static async Task AppendAsync(TestService service, JobId job, long version, IReadOnlyList<object> events, DateTimeOffset at)
    {
        await using var connection = await service.Source.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { EventStreams.Append(job.Value, StreamIds.JobType, version, at, events) } };
        await batch.ExecuteNonQueryAsync();
    }
}
