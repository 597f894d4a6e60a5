using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Execution;
using Ledger.Execution.Turns;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Execution;

/// <summary>Which job a lane takes next.</summary>
public sealed class ClaimOrderTests
{
    private const string Night = "night";

    /// <summary>A job of the queue as a test makes it. Minutes, from instants in the past.</summary>
    private sealed record Queued(int Due, int Submitted, string Kind = "new")
    {
        public string? Bot { get; init; }

        public Guid Id { get; } = JobId.FromRandomness(RandomNumberGenerator.GetBytes(32)).Value;
    }

    [SkippableFact]
    public async Task What_has_started_goes_first_and_then_goes_what_is_due_first_and_then_what_was_submitted_first()
    {
        await using var service = await TestService.StartAsync();
        Queued[] jobs =
        [
            new(Due: 2, Submitted: 1), new(1, 5, "covered"), new(1, 3), new(2, 0, "covered"),
            new(1, 4), new(3, 2), new(1, 1, "covered"), new(3, 1, "covered"),
        ];
        await QueueAsync(service, jobs);
        Assert.Equal(
            jobs.OrderBy(job => job.Kind == "new").ThenBy(job => job.Due).ThenBy(job => job.Submitted).Select(job => job.Id),
            await ClaimedInTurnAsync(service));
    }

    [SkippableFact]
    public async Task What_cannot_be_claimed_keeps_nobody_waiting()
    {
        await using var service = await TestService.StartAsync();
        Queued uncovered = new(0, 0, "uncovered"), first = new(1, 0), second = new(2, 0, "covered");
        Queued tomorrow = new(60 * 48, 0), elsewhere = new(0, 0, "elsewhere");
        await QueueAsync(service, [second, uncovered, tomorrow, elsewhere, first]);
        Assert.Equal([second.Id, first.Id], await ClaimedInTurnAsync(service));
    }

    [SkippableFact]
    public async Task While_the_log_is_behind_only_what_has_not_started_is_claimed_and_what_is_to_be_planned_anew()
    {
        await using var service = await TestService.StartAsync();
        Queued started = new(0, 0, "covered"), first = new(1, 0), second = new(2, 0), ended = new(0, 1, "ended");
        await QueueAsync(service, [second, started, ended, first]);
        await service.ExecuteAsync("update ledger.log_state set covered_until = clock_timestamp() - interval '11 seconds'");
        Assert.Equal([ended.Id, first.Id, second.Id], await ClaimedInTurnAsync(service));
    }

    [SkippableFact]
    public async Task A_turn_does_not_stay_with_a_job_whose_start_the_log_does_not_cover()
    {
        await using var service = await TestService.StartAsync();
        // Another turn may have written the list's end, and the start, since this one was at it.
        Queued covered = new(0, 0, "covered"), uncovered = new(1, 0, "uncovered"), listing = new(2, 0);
        await QueueAsync(service, [covered, uncovered, listing]);
        Assert.Equal((true, false, true), await StayAsync(service, covered, uncovered, listing));
        await service.ExecuteAsync("update ledger.log_state set covered_until = clock_timestamp() - interval '11 seconds'");
        Assert.Equal((false, false, true), await StayAsync(service, covered, uncovered, listing));
    }

    private static async Task<(bool, bool, bool)> StayAsync(TestService service, params Queued[] jobs)
    {
        await using var lanes = Slices.Sessions(service.Database.ConnectionStringFor("ledger_service"));
        await using var connection = await lanes.OpenConnectionAsync();
        var stays = new List<bool>();
        foreach (var job in jobs)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            stays.Add(await ClaimedJob.StayAsync(connection, new JobId(job.Id), Night, CancellationToken.None) is not null);
        }
        return (stays[0], stays[1], stays[2]);
    }

    [SkippableFact]
    public async Task Lanes_side_by_side_take_the_jobs_in_their_order_one_each()
    {
        await using var service = await TestService.StartAsync();
        Queued[] jobs = [.. Enumerable.Range(0, 6).Select(n => new Queued(Due: n, Submitted: 0, n % 2 == 0 ? "covered" : "new"))];
        await QueueAsync(service, jobs);
        await using var lanes = Slices.Sessions(service.Database.ConnectionStringFor("ledger_service"));
        var open = new List<NpgsqlConnection>();
        var claimed = new List<Guid>();
        foreach (var _ in jobs)
        {
            open.Add(await lanes.OpenConnectionAsync());
            var transaction = await open[^1].BeginTransactionAsync();
            Assert.NotNull(transaction);
            claimed.Add(
                (await new DueJobs(Night, null, TimeProvider.System).NextAsync(open[^1], [service.Bot], CancellationToken.None))!.Id.Value);
        }
        Assert.Equal(jobs.OrderBy(job => job.Kind == "new").ThenBy(job => job.Due).Select(job => job.Id), claimed);
        await using var another = await lanes.OpenConnectionAsync();
        await using (var transaction = await another.BeginTransactionAsync())
            Assert.Null(await new DueJobs(Night, null, TimeProvider.System).NextAsync(another, [service.Bot], CancellationToken.None));
        foreach (var connection in open)
            await connection.DisposeAsync();
    }

    [SkippableFact]
    public async Task A_job_whose_records_disagree_is_put_off_and_keeps_no_other_waiting()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("a", 2, "user-1");
        var broken = await service.SubmitAsync(new { conversationIds = new[] { "a-00001" } });
        var job = await service.SubmitAsync(new { conversationIds = new[] { "a-00002" } });
        Assert.True(JobId.TryParse(broken, out var id));
        await service.ExecuteAsync("update ledger.mt_doc_jobstatus set mt_version = 99 where id = $1", id.Value);
        await service.RunSlicesAsync();
        Assert.Equal("completed done 1 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal(1, await service.CountConversationsAsync());
        Assert.True(await service.ScalarAsync<bool>("select not_before > now() from ledger.job_work where job_id = $1", id.Value));
    }

    [SkippableFact]
    public async Task Bots_take_turns_however_many_jobs_each_has_and_a_turn_begins_after_the_bot_that_had_the_last_one()
    {
        await using var service = await TestService.StartAsync();
        Queued[] many = [.. Enumerable.Range(0, 4).Select(n => new Queued(Due: n, Submitted: 0) { Bot = "bot-a" })];
        Queued[] few = [.. Enumerable.Range(10, 2).Select(n => new Queued(Due: n, Submitted: 0) { Bot = "bot-b" })];
        Queued one = new(Due: 20, Submitted: 0, "covered") { Bot = "bot-c" };
        await QueueAsync(service, [.. many, .. few, one]);
        Assert.Equal(
            [few[0].Id, one.Id, many[0].Id, few[1].Id, many[1].Id, many[2].Id, many[3].Id],
            await ClaimedInTurnAsync(service, lastBot: "bot-a", "bot-a", "bot-b", "bot-c", "bot-d"));
    }

    [SkippableFact]
    public async Task A_job_that_a_turn_had_to_leave_stands_behind_those_of_its_bot_that_were_due_by_then()
    {
        await using var service = await TestService.StartAsync();
        Queued longer = new(0, 0, "covered"),
            first = new(1, 0),
            second = new(2, 0, "covered"),
            later = new(30, 0),
            latest = new(31, 0, "covered");
        await QueueAsync(service, [longer, first, second, later, latest]);
        await service.ExecuteAsync(
            "insert into ledger.job_work (job_id, last_slice) "
            + "values ($1, date_trunc('day', clock_timestamp()) - interval '1 day' + interval '10 minutes')", longer.Id);
        Assert.Equal([second.Id, first.Id, longer.Id, latest.Id, later.Id], await ClaimedInTurnAsync(service));
    }

    /// <summary>The claims of one lane, each job gone when the next is claimed.</summary>
    private static async Task<List<Guid>> ClaimedInTurnAsync(TestService service, string? lastBot = null, params string[] bots)
    {
        var due = new DueJobs(Night, lastBot, TimeProvider.System);
        bots = bots.Length == 0 ? [service.Bot] : bots;
        var claimed = new List<Guid>();
        await using var lanes = Slices.Sessions(service.Database.ConnectionStringFor("ledger_service"));
        await using var connection = await lanes.OpenConnectionAsync();
        while (await due.NextAsync(connection, bots, CancellationToken.None) is { } next)
        {
            claimed.Add(next.Id.Value);
            await service.ExecuteAsync("update ledger.mt_doc_job set status = 'completed' where id = $1", next.Id.Value);
        }
        return claimed;
    }

    /// <summary>Jobs, with what a claim reads beside them. The log covers its first 1,000 leaves.</summary>
    private static async Task QueueAsync(TestService service, IReadOnlyList<Queued> jobs)
    {
        await service.SubmitAsync(new { cId = "somebody" });
        await service.RunSlicesAsync();
        await service.ExecuteAsync("alter table ledger.mt_streams disable trigger user; alter table ledger.log_runs disable trigger user");
        await service.ExecuteAsync(
            "insert into ledger.log_checkpoints select origin, 1000, root, 'note', now(), now() from ledger.log_state");
        foreach (var (n, job) in jobs.Index())
        {
            await service.ExecuteAsync("insert into ledger.mt_streams (id, type, version) values ($1, 'job', 3)", job.Id);
            await service.ExecuteAsync("insert into ledger.mt_doc_jobstatus (id, data, mt_version) values ($1, '{}', 3)", job.Id);
            await service.ExecuteAsync(
                "insert into ledger.log_runs (first_index, count, stream_id, first_version) values ($1, 3, $2, 1)",
                3L * n + (job.Kind is "uncovered" or "ended" ? 2000 : 900), job.Id);
            await service.ExecuteAsync(
                """
                insert into ledger.mt_doc_job (
                    id, data, mt_version, bot, client, submitted_at, status, window_name, planned_at, closes_at, started_version)
                values ($1, '{}', 3, $2, 'cs', timestamptz '2026-01-01' + $5 * interval '1 minute', 'queued',
                    case $3 when 'elsewhere' then 'other' else 'night' end,
                    date_trunc('day', clock_timestamp()) - interval '1 day' + $4 * interval '1 minute',
                    case $3 when 'ended' then timestamptz '2026-01-01' else timestamptz '2099-01-01' end,
                    case when $3 in ('covered', 'uncovered', 'ended') then 3 end)
                """, job.Id, job.Bot ?? service.Bot, job.Kind, job.Due, job.Submitted);
        }
        await service.ExecuteAsync("update ledger.log_state set covered_until = clock_timestamp() + interval '9 seconds'");
    }
}
