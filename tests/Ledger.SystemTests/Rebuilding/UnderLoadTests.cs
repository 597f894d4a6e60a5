using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Ledger.Audit.Rebuilding;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.SystemTests.Execution;

namespace Ledger.SystemTests.Rebuilding;

/// <summary>Invariant 4: a rebuild, under load too, leaves no document wrong and never serves a missing or half-built one.</summary>
public sealed class UnderLoadTests
{
    private const int Rebuilt = 20;

    [SkippableFact]
    public async Task Rebuilds_under_load_change_nothing_that_is_right_and_no_poller_ever_misses_a_job()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Lanes = true, Execution = new() { BatchSize = 2 } });
        await service.AddConversationsAsync("a", 400, "user-1");
        var unpolled = await service.SubmitAsync(new { conversationIds = new[] { "nobody" } });
        await Steps.UntilAsync(
            "the first job does not end",
            async () => (await service.StatusAsync(unpolled)).GetProperty("status").GetString() == "completed");
        await service.RegisterClientAsync(Load.Granted, Scope.LogsHistory);
        await using var load = new Load(service);

        for (var i = 0; i < Rebuilt; i++)
        {
            // Of a job that nobody polls: that something is put right under load disturbs nobody else.
            var isTampered = i % 2 == 1;
            if (isTampered)
                await service.ExecuteAsync(
                    "update ledger.mt_doc_jobstatus set data = jsonb_set(data, '{phase}', '\"running\"') where id = $1",
                    Rebuilds.Stream(unpolled));
            load.Allow(5);
            var phases = new HashSet<RebuildPhase>();
            var report = await service.RebuildAsync(progress =>
            {
                // Something is appended while it is in each of its phases. Afterwards, whatever comes.
                if (i < 4 && phases.Add(progress.Phase) && progress.Phase != RebuildPhase.Committing)
                    Task.Run(load.AppendsAsync).GetAwaiter().GetResult();
            });
            Assert.Equal((isTampered ? 1 : 0, 0), (report.Wrong, report.LeftAlone.Count));
            if (i % 5 == 4)
                await service.AssertAuditHoldsAsync();
            load.ThrowIfFailed();
        }
        await load.DisposeAsync();
        load.ThrowIfFailed();
        Assert.True(load.Polls > 100, $"{load.Polls} polls are few");
        Assert.Equal(0, (await service.RebuildAsync()).Wrong);
        await service.AssertRecordsAgreeAsync();
    }

    /// <summary>Submitters, an administrator and pollers, until it is disposed; the service's lanes work meanwhile.</summary>
    private sealed class Load : IAsyncDisposable
    {
        public const string Granted = "cs-granted";

        /// <summary>Unfinished jobs that the submitters keep the lanes busy with.</summary>
        private const int Unfinished = 30;

        private readonly TestService _service;
        private readonly CancellationTokenSource _stop = new();
        private readonly ConcurrentDictionary<string, long> _seen = new();
        private readonly Task[] _tasks;
        private readonly SemaphoreSlim _allowed = new(0);
        private int _polls;

        public Load(TestService service)
        {
            _service = service;
            _tasks =
            [
                RepeatAsync(SubmitAsync), RepeatAsync(SubmitAsync), RepeatAsync(GrantAsync), RepeatAsync(PollAsync), RepeatAsync(PollAsync),
                RepeatAsync(ListAsync),
            ];
        }

        public int Polls => _polls;

        /// <summary>
        /// So many jobs more. Each looks its ids up in the lists of all jobs before it: without a bound, a faster machine takes longer.
        /// </summary>
        public void Allow(int jobs) => _allowed.Release(jobs);

        public void ThrowIfFailed()
        {
            foreach (var task in _tasks.Where(task => task.IsFaulted))
                task.GetAwaiter().GetResult();
        }

        /// <summary>Until some jobs' and other streams have grown.</summary>
        public async Task AppendsAsync()
        {
            var before = await EventsAsync();
            await Steps.UntilAsync("nothing is appended", async () =>
            {
                ThrowIfFailed();
                return await EventsAsync() >= before + 5;
            });
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private Task<long> EventsAsync() => _service.ScalarAsync<long>("select sum(version)::bigint from ledger.mt_streams");

        private Task RepeatAsync(Func<Task> step) => Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
                await step();
        });

        private async Task SubmitAsync()
        {
            await _allowed.WaitAsync(_stop.Token);
            var first = RandomNumberGenerator.GetInt32(1, 390);
            var job = await _service.SubmitAsync(new { conversationIds = Enumerable.Range(first, 6).Select(n => $"a-{n:D5}") });
            Assert.True(_seen.TryAdd(job, 0));
            await Steps.UntilAsync("the lanes end no jobs", async () => _stop.IsCancellationRequested
                || await _service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where status = 'queued'") < Unfinished);
        }

        private async Task GrantAsync()
        {
            foreach (var scope in new[] { Scope.LedgerAudit, Scope.LogsHistory })
            {
                var polls = _polls;
                Assert.Null(
                    await _service.Registry.ExecuteAsync(
                        _service.Bot, new GrantClient(_service.Bot, Granted, [scope], "test", null), CancellationToken.None)
                );
                await Steps.UntilAsync(
                    "the pollers stand still", () => Task.FromResult(_stop.IsCancellationRequested || _polls >= polls + 5));
            }
        }

        /// <summary>Any accepted job is found, whole, and never older than it was seen before.</summary>
        private async Task PollAsync()
        {
            var jobs = _seen.ToArray();
            if (jobs.Length == 0)
                return;
            var (job, seen) = jobs[RandomNumberGenerator.GetInt32(jobs.Length)];
            using var response = await _service.SendAsync(HttpMethod.Get, $"{_service.Deletions}/{job}");
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{job}: {(int)response.StatusCode} {text}");
            var status = JsonElement.Parse(text);
            var now = Progress(status);
            Assert.True(now >= seen, $"{job} was at {seen} and is at {now}: {text}");
            AssertWhole(status, job);
            _seen.AddOrUpdate(job, now, (_, other) => Math.Max(other, now));
            Interlocked.Increment(ref _polls);
        }

        /// <summary>
        /// A number that never falls: deletions, and above all of them the end. The status's validator has no order (docs/adr/0036).
        /// </summary>
        private static long Progress(JsonElement status) =>
            status.GetProperty("result").GetProperty("deletedCount").GetInt64()
            + (status.GetProperty("status").GetString() == "queued" ? 0 : int.MaxValue);

        private static void AssertWhole(JsonElement status, string job)
        {
            var result = status.GetProperty("result");
            long Count(string name) => result.GetProperty(name).GetInt64();
            Assert.Equal(job, status.GetProperty("jobId").GetString());
            Assert.Equal(Count("processedCount"), Count("deletedCount") + Count("failedCount") + Count("skippedCount"));
            Assert.InRange(Count("processedCount"), 0, Count("totalConversations"));
            Assert.Equal(
                status.GetProperty("status").GetString() == "queued", status.GetProperty("completedAt").ValueKind == JsonValueKind.Null);
        }

        /// <summary>Every job that was accepted before is in the list.</summary>
        private async Task ListAsync()
        {
            var accepted = _seen.Keys.ToHashSet();
            for (var after = ""; accepted.Count > 0;)
            {
                using var response = await _service.SendAsync(HttpMethod.Get, $"{_service.Deletions}?limit=100{after}");
                var page = JsonElement.Parse(await response.Content.ReadAsStringAsync());
                foreach (var listed in page.GetProperty("jobs").EnumerateArray())
                    accepted.Remove(listed.GetProperty("jobId").GetString()!);
                if (page.GetProperty("next").GetString() is not { } next)
                    break;
                after = $"&after={next}";
            }
            Assert.True(accepted.Count == 0, $"{accepted.Count} accepted jobs are not in the list");
        }
    }
}
