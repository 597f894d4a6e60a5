using System.Collections.Concurrent;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.EventStore;
using Ledger.Forgetting;
using Ledger.Hosting;
using Ledger.Keys;
using Ledger.Keys.Rotation;
using Ledger.Log;
using Ledger.Projections;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Forgetting;

public sealed class RotationTests
{
    private static readonly CancellationToken s_never = CancellationToken.None;

    [Fact]
    public async Task Keys_are_rotated_a_day_after_the_last_time_if_a_job_was_forgotten_since()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-1" } });
        await service.RunSlicesAsync();
        await service.Clock.AdvanceAsync(TimeSpan.FromHours(25));
        Assert.Equal(0, Assert.IsType<RotationResult.NotDue>(await RunAsync(RotateWhen.Daily)).Forgotten);
        Assert.IsType<RotationResult.NotDue>(await RunAsync(RotateWhen.Forgotten));

        await service.ForgetAsync(job);
        var now = service.Clock.GetUtcNow();
        var rotated = Assert.IsType<RotationResult.Rotated>(await RunAsync(RotateWhen.Daily));
        Assert.Equal((2, 1), (rotated.Epoch, Assert.Single(rotated.Destroyed)));
        var recorded = Assert.Single(await RecordedAsync(service));
        Assert.Equal(("test", 1), (recorded.Actor, recorded.Epoch));
        Assert.InRange(recorded.DestroyedAt, now.AddMilliseconds(-1), service.Clock.GetUtcNow());
        Assert.Equal(
            ["epoch-000002.key", "service.key", "survivors-000002.keys"],
            Directory
                .EnumerateFiles(service.KeyDirectory)
                .Select(Path.GetFileName)
                .Where(name => !name!.StartsWith("log.", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );

        // The next forgetting waits for the next day, unless somebody asks.
        var second = await service.SubmitAsync(new { conversationIds = new[] { "theirs-1" } });
        await service.RunSlicesAsync();
        await service.ForgetAsync(second);
        Assert.Equal(1, Assert.IsType<RotationResult.NotDue>(await RunAsync(RotateWhen.Daily)).Forgotten);
        Assert.Equal([2], Assert.IsType<RotationResult.Rotated>(await RunAsync(RotateWhen.Forgotten)).Destroyed);
        Assert.Equal([1, 2], (await RecordedAsync(service)).Select(@event => @event.Epoch));

        Task<RotationResult> RunAsync(RotateWhen when) => service.Rotation().RunOnceAsync(when, "test", null, s_never);
    }

    [Fact]
    public async Task A_key_under_a_closed_epoch_is_refused_by_the_database()
    {
        await using var service = await TestService.StartAsync();
        await service.RotateAsync();
        const string Insert = "insert into ledger.job_secrets values ('0b9a0c8e-7a57-5d0c-8f0e-52d6e0b4d3b7', {0}, '', '', '')";
        Assert.Equal(
            "LV410", (await Assert.ThrowsAsync<PostgresException>(() => service.ExecuteAsync(string.Format(null, Insert, 1)))).SqlState);
        Assert.Equal(
            "LV411",
            (
                await Assert.ThrowsAsync<PostgresException>(() =>
                    service.ExecuteAsync("begin isolation level repeatable read; " + string.Format(null, Insert, 2))
                )
            ).SqlState
        );
        await service.ExecuteAsync(string.Format(null, Insert, 2));
        Assert.Equal(
            "LV410",
            (await Assert.ThrowsAsync<PostgresException>(() => service.ExecuteAsync("update ledger.job_secrets set epoch = 1"))).SqlState);
    }

    [Fact]
    public async Task A_submission_that_was_under_way_when_the_epoch_was_opened_is_waited_for_and_rewrapped()
    {
        await using var service = await TestService.StartAsync();
        await using var submitting = await service.Source.OpenConnectionAsync();
        await using var transaction = await submitting.BeginTransactionAsync();
        var job = JobId.FromRandomness(new byte[32]);
        await InsertAsync(submitting, service.Keys, job);

        var rotation = Task.Run(() => service.RotateAsync());
        await UntilAsync(() =>
            service.ScalarAsync<bool>(
                "select exists (select from pg_locks where relation = 'ledger.job_secrets'::regclass and mode = 'ShareRowExclusiveLock' "
                + "and not granted)"
            )
        );
        Assert.True(File.Exists(Path.Combine(service.KeyDirectory, "epoch-000001.key")));
        await transaction.CommitAsync();
        Assert.Equal([1], (await rotation).Destroyed);
        Assert.Equal(2, await service.ScalarAsync<int>("select epoch from ledger.job_secrets"));
        await AllOpenAsync(service, 1);
    }

    [Fact]
    public async Task Thousands_of_keys_are_rewrapped_and_each_opens_as_before()
    {
        await using var service = await TestService.StartAsync();
        var before = new Dictionary<JobId, byte[]>();
        await using (var connection = await service.Source.OpenConnectionAsync())
        {
            for (var i = 0; i < 2_345; i++)
            {
                var job = JobId.FromRandomness(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(i)));
                before.Add(job, (await InsertAsync(connection, service.Keys, job)).DigestRequest("x"u8));
            }
        }
        await service.RotateAsync();
        await service.RotateAsync();
        var after = await OpenAllAsync(service);
        Assert.Equal(before.Count, after.Count);
        Assert.All(after, entry => Assert.Equal(before[entry.Key], entry.Value!.DigestRequest("x"u8)));
    }

    [Fact]
    public async Task While_one_process_rotates_another_does_not()
    {
        await using var service = await TestService.StartAsync();
        await using var other = await service.Source.OpenConnectionAsync();
        await using (var command = new NpgsqlCommand($"select pg_advisory_lock({0x6C_65_64_67_65_72_01})", other))
            await command.ExecuteNonQueryAsync();
        Assert.IsType<RotationResult.Busy>(await service.Rotation().RunOnceAsync(RotateWhen.Now, "test", null, s_never));
        await using (var command = new NpgsqlCommand($"select pg_advisory_unlock({0x6C_65_64_67_65_72_01})", other))
            await command.ExecuteNonQueryAsync();
        await service.RotateAsync(); // and afterwards leaves the lock free
        await service.RotateAsync();
    }

    [Fact]
    public async Task A_damaged_job_key_keeps_its_epochs_key_until_the_job_is_given_up()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-1" } });
        await service.RunSlicesAsync();
        await service.ExecuteAsync("update ledger.job_secrets set wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)");
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => service.RotateAsync());
            Assert.Contains($"give the job up with `ledger forget {job}`", refused.Message, StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(service.KeyDirectory, "epoch-000001.key")));
        }
        await service.ForgetAsync(job);
        Assert.Equal([1, 2], (await service.RotateAsync()).Destroyed);
    }

    [Fact]
    public async Task A_node_with_an_older_copy_of_the_folder_records_nothing_fails_no_job_and_rotates_nothing()
    {
        await using var service = await TestService.StartAsync();
        var copy = Directory.CreateTempSubdirectory("ledger-copy-").FullName;
        foreach (var file in Directory.EnumerateFiles(service.KeyDirectory))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        await using var node = Node(service.Database.ConnectionStringFor("ledger_service"), KeyFolder.Open(copy));
        await node.StartAsync();
        await service.RotateAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-1" } });
        var recorded = await service.RecordedAsync();

        using var client = new HttpClient { BaseAddress = new Uri(Ledger.Cli.Run.ServeCommand.Addresses(node).Single()) };
        using var request = new HttpRequestMessage(HttpMethod.Post, service.Deletions)
        {
            Content = System.Net.Http.Json.JsonContent.Create(new { conversationIds = new[] { "theirs-2" } }),
        };
        request.Headers.Add("auth", service.Token());
        using var answer = await client.SendAsync(request);
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        await node.Services.RunSliceAsync("test", s_never);
        Assert.Equal(recorded, await service.RecordedAsync());
        await Assert.ThrowsAsync<KeyFolderBehindException>(() => node.Services.GetRequiredService<KeyRotationDuty>().RunOnceAsync(s_never));
        Assert.Contains("keys: the key folder lacks the newest epoch's key", await HealthAsync(client), StringComparison.Ordinal);

        await service.ExecuteAsync("update ledger.job_work set not_before = now()"); // the job was only put off
        await service.RunSlicesAsync();
        Assert.Equal("completed", (await service.StatusAsync(job)).GetProperty("status").GetString());
        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public async Task A_folder_without_the_survivors_fails_no_job_destroys_nothing_and_says_what_is_missing()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("theirs", 1, "user-1");
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-00001" } });
        await using var backup = await Backup.TakeAsync(service);
        await service.RotateAsync();
        var file = Survivors.File(service.KeyDirectory, 2);
        File.Move(file, file + ".elsewhere");

        // The backup's row is under epoch 1's key: not forgotten, as far as anybody can tell.
        await using var node = Node(backup.Connection, backup.KeysNow());
        await node.StartAsync();
        for (var attempt = 0; attempt < 4; attempt++)
        {
            await node.Services.RunSliceAsync("test", s_never);
            await backup.ExecuteAsync("update ledger.job_work set not_before = now()");
        }
        foreach (var when in new[] { RotateWhen.Now, RotateWhen.Forgotten, RotateWhen.Daily })
        {
            var refused = await Assert.ThrowsAsync<KeyFolderBehindException>(() =>
                node.Services.GetRequiredService<KeyRotation>().RunOnceAsync(when, "test", null, s_never)
            );
            Assert.Contains("it has neither epoch-000001.key nor survivors-000002.keys", refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal(
            0, await backup.ScalarAsync<long>("select count(*) from ledger.mt_events where type in ('failed', 'epoch_key_destroyed')"));
        Assert.False(File.Exists(file) || File.Exists(Survivors.File(service.KeyDirectory, 3)));
        using var client = new HttpClient { BaseAddress = new Uri(Ledger.Cli.Run.ServeCommand.Addresses(node).Single()) };
        Assert.Contains("keys: the key folder is incomplete", await HealthAsync(client), StringComparison.Ordinal);

        File.Move(file + ".elsewhere", file);
        Assert.DoesNotContain("keys: ", await HealthAsync(client), StringComparison.Ordinal);
        Assert.NotNull(await backup.OpenAsync(ForgettingSteps.Id(job)));
    }

    [Fact]
    public async Task Survivors_that_are_lost_but_not_needed_are_written_anew_on_request()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-00001" } });
        await service.RotateAsync();
        File.Delete(Survivors.File(service.KeyDirectory, 2));
        await Assert.ThrowsAsync<KeyFolderBehindException>(() =>
            service.Rotation().RunOnceAsync(RotateWhen.Forgotten, "test", null, s_never)
        );
        // Recorded as destroyed it has to be: else nobody knows.
        await service.ExecuteAsync("update ledger.key_epochs set destroyed_at = null where epoch = 1");
        await Assert.ThrowsAsync<KeyFolderBehindException>(() => service.RotateAsync());
        await service.ExecuteAsync("update ledger.key_epochs set destroyed_at = now() where epoch = 1");
        Assert.Equal([2], (await service.RotateAsync()).Destroyed);
        Assert.NotNull(Survivors.Find(Survivors.File(service.KeyDirectory, 3), ForgettingSteps.Id(job)));
        Assert.Null(service.Keys.Problem());
    }

    [Fact]
    public async Task A_service_that_runs_while_another_process_rotates_loses_no_job()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });
        await service.AddConversationsAsync("theirs", 60, "user-1");
        using var done = new CancellationTokenSource();
        var rotations = 0;
        // Its own reading of the folder, as another process has.
        var rotating = Task.Run(async () =>
        {
            var rotation = new KeyRotation(service.Source, TestStore.One, KeyFolder.Open(service.KeyDirectory), TimeProvider.System);
            for (; !done.IsCancellationRequested || rotations < 5; rotations++)
                Assert.IsType<RotationResult.Rotated>(await rotation.RunOnceAsync(RotateWhen.Now, "test", null, s_never));
        });
        var jobs = new ConcurrentBag<string>();
        // Together with the tests beside this one, more at once would be more sessions than the server has.
        await Parallel.ForEachAsync(
            Enumerable.Range(1, 60), new ParallelOptions { MaxDegreeOfParallelism = 20 },
            async (i, _) => jobs.Add(await service.SubmitAsync(new { conversationIds = new[] { $"theirs-{i:D5}" } })));
        await UntilAsync(async () =>
            await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where status = 'queued'") == 0
        );
        await done.CancelAsync();
        await rotating;
        Assert.Equal(60, jobs.Distinct().Count());
        Assert.Equal(
            60,
            await service.ScalarAsync<long>(
                "select count(*) from ledger.mt_doc_jobstatus where data->>'status' = 'completed' and data->'result'->>'deletedCount' = "
                + "'1' and data->'result'->>'retriesRemaining' = '3'"
            )
        );
        Assert.Equal(0, await service.CountConversationsAsync());
        await AllOpenAsync(service, 60);
        Assert.Equal(Enumerable.Range(1, rotations), (await RecordedAsync(service)).Select(@event => @event.Epoch));
    }

    private static Microsoft.AspNetCore.Builder.WebApplication Node(string connection, KeyFolder keys) =>
        LedgerService.Build(
            new ServiceSettings
            {
                Connection = connection,
                Keys = keys,
                Urls = "http://127.0.0.1:0",
                Turns = null,
                Engine = null,
                Log = new LogOptions { Loop = false },
                Http = new() { Submits = null },
            }
        );

    /// <summary>What the node says that it lacks.</summary>
    private static async Task<string> HealthAsync(HttpClient client)
    {
        using var health = await client.GetAsync("/health/ready");
        return string.Concat(
            System
                .Text.Json.Nodes.JsonNode.Parse(await health.Content.ReadAsStringAsync())!["errors"]
                ?.AsArray()
                .Select(error => error!["msg"]!.GetValue<string>())
                ?? []
        );
    }

    private static async Task<JobKey> InsertAsync(NpgsqlConnection connection, KeyFolder keys, JobId job)
    {
        var (key, epoch, wrapped) = keys.NewJobKey(job);
        await using var command = new NpgsqlCommand("insert into ledger.job_secrets values ($1, $2, $3, '', '')", connection)
        {
            Parameters = { new() { Value = job.Value }, new() { Value = epoch }, new() { Value = wrapped } },
        };
        await command.ExecuteNonQueryAsync();
        return key;
    }

    /// <summary>Every stored job key opens, by the folder as it is on the disk, and under its one epoch.</summary>
    private static async Task AllOpenAsync(TestService service, int count)
    {
        var opened = await OpenAllAsync(service);
        Assert.Equal(count, opened.Count);
        Assert.DoesNotContain(null, opened.Values);
        Assert.Equal(1, await service.ScalarAsync<long>("select count(distinct epoch) from ledger.job_secrets"));
    }

    private static async Task<Dictionary<JobId, JobKey?>> OpenAllAsync(TestService service)
    {
        var keys = KeyFolder.Open(service.KeyDirectory);
        var opened = new Dictionary<JobId, JobKey?>();
        await using var command = service.Source.CreateCommand("select job_id, epoch, wrapped_key from ledger.job_secrets");
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            opened.Add(
                new JobId(reader.GetGuid(0)),
                keys.OpenJobKey(new JobId(reader.GetGuid(0)), reader.GetInt32(1), reader.GetFieldValue<byte[]>(2)));
        return opened;
    }

    private static async Task<IReadOnlyList<EpochKeyDestroyed>> RecordedAsync(TestService service)
    {
        await using var connection = await service.Source.OpenConnectionAsync();
        var events = new List<EpochKeyDestroyed>();
        await foreach (var recorded in EventStreams.ReadAsync(connection, StreamIds.Ledger))
            events.Add((EpochKeyDestroyed)recorded.Event);
        return events;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
            await ticks.WaitForNextTickAsync(deadline.Token);
    }
}
