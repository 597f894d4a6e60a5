using System.Security.Cryptography;
using Ledger.Log;
using Ledger.Projections.ChangeLog;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>A client that pages with the cursor while much is appended, and commits overtake each other.</summary>
public sealed class CursorTests
{
    private const int Writers = 8, OpenAtOnce = 4, Events = 3_000, Passes = 5;

    private volatile int _passes;

    [SkippableFact]
    public async Task A_client_with_the_cursor_sees_each_entry_exactly_once_while_commits_overtake_each_other()
    {
        await using var service = await TestService.StartAsync();
        var other = await service.AddBotAsync();
        await using var source = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(service.Database.ConnectionStringFor("ledger_service"))
            {
                MaxPoolSize = Writers * OpenAtOnce,
            }.ConnectionString
        );
        using var written = new CancellationTokenSource();
        var passes = PassesAsync(service, written.Token);
        var client = ReadAsync(service, passes);
        // On until passes came between: a fast machine appends all of it in a few.
        var jobs = await Task.WhenAll(
            Enumerable.Range(0, Writers).Select(n => Task.Run(() => WriteAsync(source, n == 0 ? [service.Bot, other] : [service.Bot]))));
        await written.CancelAsync();
        Assert.True(await passes > Passes, "the appends were not interleaved with passes");
        var (seen, pages) = await client;
        Assert.True(pages > 20, $"{pages} pages: the client did not read meanwhile");

        SyntheticJob[] mine =
        [.. jobs.SelectMany(all => all).Where(job => ((Contracts.Jobs.Submitted)job.Events[0].Event).Bot == service.Bot)];
        Assert.True(mine.Sum(job => job.Events.Count) >= Events);
        var overtaking = await OvertakingAsync(service);
        Assert.True(overtaking > 30, $"{overtaking} commits were reordered");
        Assert.Equal(seen.Count, seen.Select(entry => entry.Id).Distinct().Count());
        Assert.Equal(seen.Select(entry => entry.Detail.Leaves.End).Order(), seen.Select(entry => entry.Detail.Leaves.End));
        var byJob = seen.Where(entry => entry.ResourceType == ChangeLogEntry.JobResource).ToLookup(entry => entry.ResourceId);
        Assert.Equal(mine.Select(job => $"{job.Id}").Order(), byJob.Select(entries => entries.Key).Order());
        foreach (var job in mine)
        {
            Assert.Equal(Entries.Expected(job.Events), byJob[$"{job.Id}"].Select(Entries.Short));
            Assert.Equal(Entries.Folded($"{job.Id}", job.Events), Entries.Folded(byJob[$"{job.Id}"]));
        }
        // The one bot's registration and grant, and its own jobs: nothing of the other's.
        Assert.Equal(
            ["bot_registered", "client_granted"],
            seen.Where(entry => entry.ResourceType == ChangeLogEntry.BotResource).Select(entry => entry.Detail.Type));
    }

    /// <summary>Appends jobs over several open transactions, and commits them in another order than they appended in.</summary>
    private async Task<List<SyntheticJob>> WriteAsync(NpgsqlDataSource source, string[] bots)
    {
        var jobs = new List<SyntheticJob>();
        for (var bot = 0; jobs.Sum(job => job.Events.Count) < bots.Length * Events / Writers || (_passes <= Passes && bot < 100); bot++)
        {
            // Several jobs side by side, each with at most one append under way.
            SyntheticJob[] round = [.. Enumerable.Range(0, OpenAtOnce).Select(n => new SyntheticJob(bots[(bot + n) % bots.Length]))];
            while (round.Any(job => !job.IsDone))
            {
                var begun = new List<(NpgsqlConnection Connection, NpgsqlTransaction Transaction)>();
                foreach (var job in round.Where(job => !job.IsDone))
                {
                    var connection = await source.OpenConnectionAsync();
                    begun.Add((connection, await connection.BeginTransactionAsync()));
                    await job.AppendNextAsync(connection, begun[^1].Transaction);
                }
                foreach (var (connection, transaction) in begun.OrderBy(_ => RandomNumberGenerator.GetInt32(1000)))
                {
                    await transaction.CommitAsync();
                    await connection.DisposeAsync();
                }
            }
            jobs.AddRange(round);
        }
        return jobs;
    }

    /// <returns>How many passes there were; after the last, everything is in the log.</returns>
    private async Task<int> PassesAsync(TestService service, CancellationToken written)
    {
        var writer = service.Services.GetRequiredService<LogWriter>();
        for (; !written.IsCancellationRequested; _passes++)
            Assert.Null((await writer.RunOnceAsync(CancellationToken.None)).Problem);
        await service.WriteLogAsync();
        return _passes;
    }

    private static async Task<(List<ChangeLogEntry> Seen, int Pages)> ReadAsync(TestService service, Task written)
    {
        var seen = new List<ChangeLogEntry>();
        for (var pages = 0; ; pages++)
        {
            var isAll = written.IsCompleted;
            var cursor = seen.Count == 0 ? "" : $"&fetchAfter={seen[^1].Id}";
            var page = await service.PageAsync($"limit={RandomNumberGenerator.GetInt32(1, 51)}{cursor}");
            seen.AddRange(page);
            if (isAll && page.Count == 0)
                return (seen, pages);
        }
    }

    /// <summary>Entries of the log whose events were appended before those of an earlier one.</summary>
    private static Task<long> OvertakingAsync(TestService service) => service.ScalarAsync<long>(
        """
        select count(*) from (
            select e.seq_id < lag(e.seq_id) over (order by r.first_index) as overtaken
            from ledger.log_runs r join ledger.mt_events e on e.stream_id = r.stream_id and e.version = r.first_version) x
        where overtaken
        """);
}
