using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Projections;
using Ledger.Projections.ChangeLog;
using Ledger.SystemTests.ChangeLogs;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.EventStore;
using Npgsql;

namespace Ledger.SystemTests.Contract;

/// <summary>Contract §3.</summary>
public sealed class ChangeLogRules(ContractHost host) : ContractTest(host)
{
    private string Log => Entries.ChangeLogPath(Bot);

    [SkippableFact]
    public async Task Pages_by_number_are_those_of_the_whole_and_days_are_inclusive()
    {
        foreach (var at in new[] { "2026-05-03T23:59:59.999Z", "2026-05-04T00:00:00Z", "2026-05-04T23:59:59.999Z", "2026-05-05T00:00:00Z" })
            await AppendAsync(Steps.At(at));
        await Node.WriteLogAsync();
        var all = await Node.ChangeLogAsync(Bot);
        Assert.Equal(2 + 4 * 2, all.Count);
        foreach (var limit in new[] { 1, 3, 4, 50 })
        {
            var paged = new List<ChangeLogEntry>();
            for (var page = 0; paged.Count < all.Count; page++)
            {
                var entries = await PageAsync($"limit={limit}&offset={page}");
                Assert.Equal(Math.Min(limit, all.Count - paged.Count), entries.Count);
                paged.AddRange(entries);
            }
            Assert.Equal(all.Select(entry => entry.Id), paged.Select(entry => entry.Id));
            Assert.Empty(await PageAsync($"limit={limit}&offset={all.Count / limit + 1}"));
        }
        List<string> On(string from, string before) =>
        [
            .. from entry in all
               where entry.CreatedOn >= Steps.At($"{from}T00:00:00Z") && entry.CreatedOn < Steps.At($"{before}T00:00:00Z")
               select entry.Id,
        ];
        Assert.Equal(4, On("2026-05-04", "2026-05-05").Count);
        foreach (var (query, from, before) in new[]
        {
            ("startDate=2026-05-04&endDate=2026-05-04", "2026-05-04", "2026-05-05"), ("startDate=2026-05-04", "2026-05-04", "9999-01-01"),
            ("endDate=2026-05-03", "0001-01-01", "2026-05-04"), ("startDate=2026-05-06&endDate=9999-12-31", "2026-05-06", "9999-01-01"),
            ("startDate=2026-05-03&endDate=2026-05-05", "2026-05-03", "2026-05-06"),
            ("startDate=2026-05-06&endDate=2026-05-06", "2026-05-06", "2026-05-07"),
        })
            Assert.Equal(On(from, before), (await PageAsync(query)).Select(entry => entry.Id));
        // The cursor and a range: what comes behind it, within the range.
        var behind = await PageAsync($"fetchAfter={all[4].Id}&startDate=2026-05-04&endDate=2026-05-04&limit=1");
        Assert.Equal([all[5].Id], behind.Select(entry => entry.Id));
    }

    [SkippableFact]
    public async Task The_id_of_an_entry_is_derived_from_stream_and_first_version()
    {
        var job = (await SubmitAsync("""{"cId":"nobody"}""")).Member("jobId");
        await Node.WriteLogAsync();
        var entries = (await PageAsync("")).Where(entry => entry.ResourceId == job).ToList();
        Assert.Equal([1, 2], entries.Select(entry => entry.Detail.FirstVersion));
        // By the contract: the named UUID (RFC 9562, version 5) of the stream's UUID and the version in decimal digits.
        var stream = Guid.Parse(job["cdj-".Length..]);
        Assert.All(entries, entry => Assert.Equal($"btl-{NamedUuid.Create(stream, $"{entry.Detail.FirstVersion}")}", entry.Id));
    }

    [SkippableFact]
    public async Task A_page_has_50_entries_unless_less_are_asked_for()
    {
        for (var i = 0; i < 26; i++)
            await AppendAsync(Steps.At("2026-05-04T00:00:00Z"));
        await Node.WriteLogAsync();
        foreach (var (query, entries) in new[] { ("", 50), ("offset=1", 4), ("offset=2", 0), ("limit=7", 7) })
            Assert.Equal((query, entries), (query, (await PageAsync(query)).Count));
    }

    [SkippableFact]
    public async Task A_query_that_breaks_a_rule_is_refused_and_named()
    {
        foreach (var (query, message) in new[]
        {
            ("limit=51", "limit must be a whole number from 1 to 50"), ("limit=0", "limit must be a whole number from 1 to 50"),
            ("offset=-1", "offset must be a whole number from 0"),
            ("startDate=2026-05-04T00:00:00Z", "startDate must be a date such as 2026-05-04"),
            ("endDate=2026-02-30", "endDate must be a date such as 2026-05-04"),
            ("startDate=2026-05-05&endDate=2026-05-04", "startDate must not be after endDate"),
            ("fetchAfter=btl-69eb0c87-0000-4000-8000-000000000000", "fetchAfter must be the _id of an entry of this bot's change log"),
            ("fetchAfter=5", "fetchAfter must be the _id of an entry of this bot's change log"),
            ("fetchAfter=btl-69eb0c87-0000-4000-8000-000000000000&offset=0", "two ways to page"),
            ("enddate=2026-05-04", "query parameter 1 is unknown"), ("limit=1&limit=2", "limit is there more than once"),
        })
            (await GetAsync($"{Log}?{query}", 400)).IsError(400, 400, message);
    }

    [SkippableFact]
    public async Task An_entry_has_the_original_members_and_says_in_plain_words_what_happened()
    {
        await Node.AddConversationsAsync("a", 2, "user-1", bot: Bot);
        var job = (await SubmitAsync("""{"conversationIds":["a-00001","a-00002","nobody"]}""")).Member("jobId");
        await Node.RunSlicesAsync();

        var entries = (await GetAsync(Log)).Json.EnumerateArray().ToList();
        var outcomes = Assert.Single(entries, entry => entry.GetProperty("detail").GetProperty("type").GetString() == "outcomes");
        Assert.Equal(
            ["_id", "userId", "streamId", "resourceId", "resourceType", "message", "createdOn", "__v", "detail"],
            outcomes.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            [
                ("id", TestService.ClientId), ("firstName", ""), ("lastName", ""), ("emailId", ""), ("activationStatus", ""),
                ("profColour", ""), ("profImage", ""), ("_id", ""), ("orgId", ""),
            ],
            outcomes.GetProperty("userId").EnumerateObject().Select(member => (member.Name, member.Value.GetString()!)));
        Assert.Matches("^btl-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", outcomes.GetProperty("_id").GetString());
        string? Text(string member) => outcomes.GetProperty(member).GetString();
        Assert.Equal((Bot, job, "conversationDeletionJob"), (Text("streamId"), Text("resourceId"), Text("resourceType")));
        Assert.Equal(0, outcomes.GetProperty("__v").GetInt32());
        Assert.Equal("Outcomes of 3 conversations: 2 deleted, 0 failed, 1 skipped (not found 1).", Text("message"));
        var first = await LeafAsync(job, 4);
        Assert.Equal(
            $$$"""{"type":"outcomes","firstVersion":4,"lastVersion":6,"leaves":{"first":{{{first}}},"end":{{{first + 3}}}}"""
            + ""","deleted":2,"failed":0,"skipped":{"not_found":1}"""
            + ""","items":{"messages":2,"transcripts":2,"recordings":2,"attachments":2,"logs":2}}""",
            outcomes.GetProperty("detail").GetRawText());
        Assert.Equal((await Node.EventsAsync(job))[3].At, outcomes.GetProperty("createdOn").GetDateTimeOffset());
        var messages = entries.Select(entry => entry.GetProperty("message").GetString()!).ToList();
        Assert.Equal("Bot registered.", messages[0]);
        Assert.Equal(
            $"Client {TestService.ClientId} may now use: Delete Conversations, Logs History, Erasure Proofs, Ledger Audit, Legal Holds.",
            messages[1]);
        Assert.Equal("Deletion of conversations requested, by conversation ids.", messages[2]);
        Assert.Matches(@"^Planned for \S+Z in the window test\.$", messages[3]);
        Assert.Equal("Started: 3 conversations identified.", messages[4]);
        Assert.Equal("Ended (completed): of 3 conversations, 2 deleted, 0 failed, 1 skipped (not found 1).", messages[6]);
        Assert.DoesNotContain("owner@example.com", JsonSerializer.Serialize(entries), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task One_entry_an_event_one_for_a_batchs_outcomes_and_folding_a_jobs_entries_gives_its_status_document()
    {
        var bot = await Node.AddBotAsync(retentionDays: 1000);
        await Node.AddConversationsAsync("fold-a", 10, "user-1", bot: bot);
        await Node.AddConversationsAsync("fold-b", 2, "user-2", bot: bot);
        await Node.AddConversationsAsync("fold-old", 3, "user-1", new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero), bot: bot);
        await Node.AddTriggerAsync(
            "conversations", "refuse_two", "before delete",
            "if old.conversation_id ~ 'fold-.-0000[27]$' then raise exception 'no'; end if; return old;");
        try
        {
            async Task<string> JobAsync(string body) => (await SubmitAsync(body, bot: bot)).Member("jobId");
            var skips = await JobAsync("""{"conversationIds":["fold-b-00001","nobody","fold-old-00001"]}""");
            var retries = await JobAsync("""{"cId":"user-1","startDate":"2020-01-01"}""");
            var nothing = await JobAsync("""{"cId":"nobody"}""");
            await Node.RunSlicesAsync();
            var waiting = await Node.ChangeLogAsync(bot);
            await Node.AssertFoldsAsync(retries, waiting, await Node.EventsAsync(retries));
            for (var attempt = 2; attempt <= Limits.Attempts; attempt++)
            {
                await Node.Clock.AdvanceAsync(TimeSpan.FromMinutes(attempt));
                await Node.RunSlicesAsync();
            }
            Assert.Equal("completed done 1 deleted 0 failed 2 skipped 3 retries", await Node.CountsAsync(skips, bot));
            Assert.Equal("failed done 8 deleted 2 failed 3 skipped 0 retries", await Node.CountsAsync(retries, bot));

            var log = await Node.ChangeLogAsync(bot);
            Assert.Equal(waiting.Select(entry => entry.Id), log.Take(waiting.Count).Select(entry => entry.Id));
            foreach (var job in new[] { skips, retries, nothing })
                await Node.AssertFoldsAsync(job, log, await Node.EventsAsync(job));
            // Two batches or more in the first attempt, one in each retry.
            Assert.True(log.Count(entry => entry.ResourceId == retries && entry.Detail.Type == ChangeLogDetail.Outcomes) >= 6);
        }
        finally
        {
            await Node.ExecuteAsync("drop trigger refuse_two on conversations.conversations; drop function conversations.refuse_two");
        }
    }

    [SkippableFact]
    public async Task The_order_is_the_logs_and_the_cursor_misses_and_repeats_nothing_while_others_arrive()
    {
        var seen = new List<ChangeLogEntry>();
        async Task FollowAsync()
        {
            while (await PageAsync(seen.Count == 0 ? "limit=3" : $"limit=3&fetchAfter={seen[^1].Id}") is { Count: > 0 } page)
            {
                Assert.Empty(page.Select(entry => entry.Id).Intersect(seen.Select(entry => entry.Id)));
                seen.AddRange(page);
            }
        }

        foreach (var hour in new[] { 5, 3, 4 }) // of the jobs' own clocks, which do not order the log
        {
            await AppendAsync(Steps.At($"2026-05-04T0{hour}:00:00Z"));
            await Node.WriteLogAsync();
            await FollowAsync();
        }
        Assert.Equal(2 + 3 * 2, seen.Count);
        Assert.Equal(seen.Count, seen.Select(entry => entry.Id).Distinct().Count());
        Assert.Equal(seen.Select(entry => entry.Detail.Leaves.First).Order(), seen.Select(entry => entry.Detail.Leaves.First));
        Assert.Equal((await PageAsync("")).Select(entry => entry.Id), seen.Select(entry => entry.Id));
        Assert.Equal([5, 3, 4], seen.Where(entry => entry.Detail.Type == "submitted").Select(entry => entry.CreatedOn.Hour));
    }

    [SkippableFact]
    public async Task Only_who_was_granted_Logs_History_sees_the_log_and_only_the_bots_own()
    {
        var other = await Node.AddBotAsync();
        var mine = (await SubmitAsync("""{"cId":"user-1"}""")).Member("jobId");
        var theirs = (await SubmitAsync("""{"cId":"user-1"}""", bot: other)).Member("jobId");
        Assert.Empty(await PageAsync("")); // nothing is in the log yet
        await Node.WriteLogAsync();

        var reader = await TokenAsync(Scope.LogsHistory);
        await GetAsync(Log, reader);
        foreach (var scope in Enum.GetValues<Scope>().Where(scope => scope != Scope.LogsHistory))
            (await GetAsync(Log, await TokenAsync(scope), 403)).IsError(403, 4002, "Permission denied. Scope is incorrect!");
        (await GetAsync(Entries.ChangeLogPath(other), reader, 401)).IsError(401, 4002, "Invalid SDK credentials");
        (await GetAsync(Log, "no.token.atall", 401)).IsError(401, 4002);
        Assert.Equal([mine], Jobs(await Node.ChangeLogAsync(Bot)));
        var log = await Node.ChangeLogAsync(other);
        Assert.Equal([theirs], Jobs(log));
        Assert.All(log, entry => Assert.Equal(other, entry.StreamId));
        (await GetAsync($"{Log}?fetchAfter={log[0].Id}", 400)).IsError(400, 400);
    }

    private static IEnumerable<string> Jobs(IEnumerable<ChangeLogEntry> log) =>
        log.Where(entry => entry.ResourceType == ChangeLogEntry.JobResource).Select(entry => entry.ResourceId).Distinct();

    private Task<IReadOnlyList<ChangeLogEntry>> PageAsync(string query) => Node.PageAsync(query, Bot);

    private Task<long> LeafAsync(string job, long version) => Node.ScalarAsync<long>(
        """
        select first_index + $2 - first_version from ledger.log_runs
        where stream_id = $1 and $2 between first_version and first_version + count - 1
        """,
        Guid.Parse(job["cdj-".Length..]), version);

    /// <summary>Two events of a job that exists as events only.</summary>
    private async Task AppendAsync(DateTimeOffset at)
    {
        var job = JobId.FromRandomness(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        object[] events = [new Submitted(Bot, RequestType.CId, [new byte[32]], "cs-other"), new Started(1, 0, new byte[32])];
        await using var connection = await Node.Source.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(RawAppend.Command(job.Value, StreamIds.JobType, 0, at, events));
        await batch.ExecuteNonQueryAsync();
    }
}
