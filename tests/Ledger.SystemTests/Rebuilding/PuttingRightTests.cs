using System.Net;
using Ledger.Cli;
using Ledger.Projections;
using Ledger.SystemTests.EventStore;
using Ledger.SystemTests.Execution;

namespace Ledger.SystemTests.Rebuilding;

/// <summary>
/// What is not the fold of its events is put right and told; everything else stays as it is. The tests share a ledger, and each leaves it
/// right.
/// </summary>
public sealed class PuttingRightTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableFact]
    public async Task A_ledger_that_nobody_tampered_with_is_left_exactly_as_it_is()
    {
        await using var service = await WithJobsAsync(await shared.WithOwnBotAsync());
        var before = await service.ProjectionsAsync();
        var told = await service.RebuildVerbAsync();
        Assert.Equal((ExitCodes.Done, ""), (told.ExitCode, told.Error));
        Assert.Contains("Nothing differed: 0 documents were wrong.", told.Output, StringComparison.Ordinal);
        Assert.Equal(before, await service.ProjectionsAsync());
    }

    [SkippableFact]
    public async Task A_different_a_missing_and_a_surplus_row_are_put_right_and_told_and_the_others_are_not_touched()
    {
        await using var service = await WithJobsAsync(await shared.WithOwnBotAsync());
        var (different, missing) = (await service.SubmitAsync(new { cId = "user-1" }), await service.SubmitAsync(new { cId = "user-2" }));
        var untouched = await service.ScalarAsync<string>(Others, Rebuilds.Stream(different), Rebuilds.Stream(missing));
        await service.TamperAsync(different, missing);

        var told = await service.RebuildVerbAsync();
        Assert.Equal(ExitCodes.Done, told.ExitCode);
        Assert.Contains("4 documents were wrong and are right now:", told.Output, StringComparison.Ordinal);
        Assert.Matches($"ledger.mt_doc_jobstatus\t1\t1\t0\tcdj-", told.Output);
        Assert.Matches($"ledger.mt_doc_job\t0\t1\t1\tcdj-", told.Output);
        Assert.Contains(different, told.Output, StringComparison.Ordinal);
        Assert.Contains(missing, told.Output, StringComparison.Ordinal);
        Assert.Contains("cdj-11111111-1111-5111-8111-111111111111", told.Output, StringComparison.Ordinal);

        await service.AssertAuditHoldsAsync();
        Assert.Equal(untouched, await service.ScalarAsync<string>(Others, Rebuilds.Stream(different), Rebuilds.Stream(missing)));
        Assert.Equal(0, (await service.RebuildAsync()).Wrong);
        await service.RunSlicesAsync();
        Assert.Equal("completed", (await service.StatusAsync(missing)).GetProperty("status").GetString());
    }

    [SkippableFact]
    public async Task Whatever_of_a_document_was_changed_it_is_put_right_and_the_jobs_next_events_update_it()
    {
        await using var service = await WithJobsAsync(await shared.WithOwnBotAsync());
        string[] tampering =
        [
            "update ledger.mt_doc_jobstatus set data = jsonb_set(data, '{result,skippedCount}', '3') where id = $1",
            "update ledger.mt_doc_jobstatus set data = data || '{\"more\": 1}' where id = $1",
            "update ledger.mt_doc_jobstatus set mt_version = 50 where id = $1",
            "update ledger.mt_doc_jobstatus set mt_version = 1 where id = $1",
            "update ledger.mt_doc_jobstatus set mt_dotnet_type = 'another' where id = $1",
            "delete from ledger.mt_doc_jobstatus where id = $1",
            "update ledger.mt_doc_job set data = jsonb_set(data, '{attempt}', '3') where id = $1",
            "update ledger.mt_doc_job set mt_version = 50 where id = $1",
            "update ledger.mt_doc_job set planned_at = planned_at + interval '1 day' where id = $1",
            "update ledger.mt_doc_job set status = 'completed' where id = $1",
            "update ledger.mt_doc_job set window_name = null where id = $1",
            "delete from ledger.mt_doc_job where id = $1",
        ];
        var jobs = new List<string>();
        foreach (var (sql, n) in tampering.Select((sql, n) => (sql, n)))
        {
            jobs.Add(await service.SubmitAsync(new { cId = $"user-{n}" }));
            await service.ExecuteAsync(sql, Rebuilds.Stream(jobs[^1]));
        }
        Assert.Equal(tampering.Length, (await service.RebuildAsync()).Wrong);
        Assert.Equal(0, (await service.RebuildAsync()).Wrong);
        await service.RunSlicesAsync();
        foreach (var job in jobs)
            Assert.Equal("completed", (await service.StatusAsync(job)).GetProperty("status").GetString());
        await service.AssertAuditHoldsAsync();
    }

    [SkippableFact]
    public async Task A_job_that_another_program_began_has_its_documents_after_a_rebuild()
    {
        await using var service = await WithJobsAsync(await shared.WithOwnBotAsync());
        var job = Contracts.Jobs.JobId.FromRandomness(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        await using (var connection = await service.Source.OpenConnectionAsync())
        await using (var batch = new Npgsql.NpgsqlBatch(connection))
        {
            object[] events = [new Contracts.Jobs.Submitted(service.Bot, Contracts.Jobs.RequestType.CId, [new byte[32]], "cs-other")];
            batch.BatchCommands.Add(RawAppend.Command(job.Value, StreamIds.JobType, 0, Steps.At("2026-05-08T12:00:00Z"), events));
            await batch.ExecuteNonQueryAsync();
        }
        Assert.Equal(2, (await service.RebuildAsync()).Wrong);
        Assert.Equal(0, (await service.RebuildAsync()).Wrong);
        Assert.Equal("waiting", (await service.StatusAsync($"{job}")).GetProperty("phase").GetString());
    }

    private const string Others =
        "select string_agg(concat_ws(' ', xmin, id, mt_last_modified), ',' order by id) from ledger.mt_doc_jobstatus where id not in "
        + "($1, $2)";

    [SkippableFact]
    public async Task Entries_of_the_change_log_that_were_exchanged_are_put_right()
    {
        await using var service = await WithJobsAsync(await shared.WithOwnBotAsync());
        var right = await service.ScalarAsync<string>(Entries, service.Bot);
        await service.ExecuteAsync(
            """
            create temporary table exchanged as
                select stream_id, first_version, sum(position) over () - position as position
                from (select * from ledger.change_log where bot_id = '$1' order by position limit 2) two;
            update ledger.change_log c set position = -1 - c.position
                from exchanged e where (e.stream_id, e.first_version) = (c.stream_id, c.first_version);
            update ledger.change_log c set position = e.position
                from exchanged e where (e.stream_id, e.first_version) = (c.stream_id, c.first_version);
            drop table exchanged
            """.Replace("$1", service.Bot, StringComparison.Ordinal));
        Assert.NotEqual(right, await service.ScalarAsync<string>(Entries, service.Bot));
        var rebuilt = (await service.RebuildAsync()).Projections.Single(projection => projection.Table == "ledger.change_log");
        Assert.Equal((0, 2, 0), (rebuilt.Missing, rebuilt.Different, rebuilt.Surplus));
        Assert.Equal(right, await service.ScalarAsync<string>(Entries, service.Bot));
    }

    private const string Entries = "select string_agg(c::text, '|' order by position) from ledger.change_log c where bot_id = $1";

    [SkippableFact]
    public async Task A_running_node_takes_up_a_registry_document_that_was_put_right_though_its_version_is_the_same()
    {
        await using var service = await WithJobsAsync(await shared.WithOwnBotAsync());
        await service.ExecuteAsync(
            "update ledger.mt_doc_bot set data = jsonb_set(data, '{grants}', '{}'), mt_last_modified = now() where id = $1",
            StreamIds.Bot(service.Bot));
        await Steps.UntilAsync("the node never saw the wrong document", () => AnswersAsync(service, HttpStatusCode.Unauthorized));
        Assert.Equal(1, (await service.RebuildAsync()).Projections.Single(projection => projection.Table == "ledger.mt_doc_bot").Different);
        await Steps.UntilAsync("the node goes on with the wrong document", () => AnswersAsync(service, HttpStatusCode.OK));
    }

    [SkippableFact]
    public async Task A_document_of_a_stream_whose_events_are_not_whole_is_left_alone_and_told()
    {
        await using var service = await WithJobsAsync(await TestService.StartAsync());
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.ExecuteAsync("alter table ledger.mt_events disable trigger user");
        await service.ExecuteAsync("delete from ledger.mt_events where stream_id = $1 and version = 2", Rebuilds.Stream(job));
        await service.ExecuteAsync("alter table ledger.mt_events enable trigger user");
        var before = await service.ProjectionsAsync();

        var told = await service.RebuildVerbAsync();
        Assert.Equal(ExitCodes.Failed, told.ExitCode);
        Assert.Contains("the events of 1 stream(s) are not whole", told.Error, StringComparison.Ordinal);
        Assert.Contains(Rebuilds.Stream(job).ToString("D"), told.Error, StringComparison.Ordinal);
        Assert.Equal(before, await service.ProjectionsAsync());
    }

    [SkippableTheory]
    [InlineData("update ledger.mt_streams set type = 'bot' where id = $1")]
    [InlineData("update ledger.mt_streams set type = 'log_stream' where id = $1")]
    [InlineData("update ledger.mt_streams set type = 'unknown' where id = $1")]
    [InlineData("delete from ledger.mt_streams where id = $1")]
    [InlineData("delete from ledger.mt_events where stream_id = $1 and version = 1")]
    [InlineData("delete from ledger.mt_events where stream_id = $1 and version = 4")]
    [InlineData("update ledger.mt_events set data = jsonb_set(data, '{outcome}', '77') where stream_id = $1 and type = 'completed'")]
    public async Task Of_a_stream_that_is_damaged_neither_documents_nor_entries_are_touched(string damage)
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 2 } });
        await service.AddConversationsAsync("a", 5, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        await service.ExecuteAsync("alter table ledger.mt_events disable trigger all; alter table ledger.mt_streams disable trigger all");
        await service.ExecuteAsync(damage, Rebuilds.Stream(job));
        var before = await service.ProjectionsAsync();

        var report = await service.RebuildAsync();
        Assert.Equal(before, await service.ProjectionsAsync());
        Assert.Equal(0, report.Wrong);
        Assert.Equal([Rebuilds.Stream(job)], report.LeftAlone.First);
    }

    [SkippableFact]
    public async Task An_append_that_had_read_a_wrong_document_cannot_undo_its_repair()
    {
        await using var service = await WithJobsAsync(await shared.WithOwnBotAsync());
        var job = new Contracts.Jobs.JobId(Rebuilds.Stream(await service.SubmitAsync(new { cId = "user-1" })));
        await service.ExecuteAsync(
            "update ledger.mt_doc_jobstatus set data = jsonb_set(data, '{result,deletedCount}', '77') where id = $1", job.Value);
        Task<Ledger.Audit.Rebuilding.RebuildReport> rebuild;
        await using (var connection = await service.Source.OpenConnectionAsync())
        await using (var transaction = await Engine.StreamTransaction.BeginAsync(TestStore.One, connection, CancellationToken.None))
        {
            var stream = await transaction.LockAsync<Projections.Jobs.Job, Contracts.Jobs.JobId>(job, CancellationToken.None);
            var window = stream.Aggregate!.Window! with { Closes = stream.Aggregate.Window!.Closes.AddHours(1) };
            transaction.Append(
                stream, [new Contracts.Jobs.Scheduled(stream.Aggregate.PlannedAt, window, Contracts.Jobs.ScheduleReason.WindowChanged, 1)],
                stream.Aggregate.RecordedAt.AddMilliseconds(5));
            await transaction.WriteAsync(CancellationToken.None); // folded onto what is wrong
            rebuild = service.RebuildAsync();
            await Steps.UntilAsync("the rebuild does not wait for the writer", () => service.ScalarAsync<bool>(
                "select exists (select from pg_stat_activity where application_name = 'ledger rebuild' and wait_event_type = 'Lock')"));
            await transaction.CommitAsync(CancellationToken.None);
        }
        Assert.Equal(1, (await rebuild).Wrong);
        var status = await service.StatusAsync($"{job}");
        Assert.Equal(0, status.GetProperty("result").GetProperty("deletedCount").GetInt64());
        await service.AssertAuditHoldsAsync();
    }

    [Fact]
    public async Task Entries_of_the_change_log_that_differ_are_missing_or_are_surplus_are_put_right_and_later_ones_still_come()
    {
        await using var service = await WithJobsAsync(await shared.WithOwnBotAsync());
        var right = await service.ScalarAsync<string>(Entries, service.Bot);
        await service.ExecuteAsync("update ledger.change_log set outcomes = '{}' where bot_id = $1 and outcomes is not null", service.Bot);
        await service.ExecuteAsync(
            "delete from ledger.change_log where position = (select min(position) from ledger.change_log where bot_id = $1)", service.Bot);
        await service.ExecuteAsync(
            """
            insert into ledger.change_log
            select bot_id, position + 1000, id, '11111111-1111-5111-8111-111111111111', 1, 1, 0, created_at, null
            from ledger.change_log where bot_id = $1 limit 1
            """, service.Bot);

        var report = await service.RebuildAsync();
        var rebuilt = report.Projections.Single(projection => projection.Table == "ledger.change_log");
        Assert.Equal((1, 1, 1), (rebuilt.Missing, rebuilt.Different, rebuilt.Surplus));
        Assert.Equal(right, await service.ScalarAsync<string>(Entries, service.Bot));
        await service.RunSlicesAsync();
        Assert.StartsWith(right, await service.ScalarAsync<string>(Entries, service.Bot), StringComparison.Ordinal);
        await service.AssertAuditHoldsAsync();
    }

    private static async Task<bool> AnswersAsync(TestService service, HttpStatusCode expected)
    {
        using var response = await service.SendAsync(HttpMethod.Get, service.Deletions);
        return response.StatusCode == expected;
    }

    private static async Task<TestService> WithJobsAsync(TestService service)
    {
        await service.AddConversationsAsync("a", 20, "user-1");
        await service.SubmitAsync(new { conversationIds = new[] { "a-00001", "a-00002", "nobody" } });
        await service.RunSlicesAsync();
        await service.SubmitAsync(new { cId = "user-3" });
        return service;
    }
}
