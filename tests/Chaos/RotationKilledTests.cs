using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Forgetting;
using Ledger.Keys;
using Ledger.Keys.Rotation;
using Ledger.SystemTests;
using Ledger.SystemTests.Forgetting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.Chaos;

/// <summary>
/// SIGKILL of a process that rotates the keys, at every step of it: no job may lose its key, and the next pass ends what was begun.
/// </summary>
public sealed class RotationKilledTests
{
    /// <summary>More than one chunk of keys.</summary>
    private const int MoreKeys = 1500;

    /// <summary>In the order in which a rotation comes to them, and whether backups are blind there.</summary>
    private static readonly (string Point, bool IsBlind)[] s_points =
    [
        ("rotate.begin", false), ("rotate.key-made", false), ("rotate.epoch-opened", false), ("rotate.rewrapping", false),
        ("rotate.rewrapped", false), ("rotate.verified", false), ("rotate.survivors-written", false),
        ("rotate.destroying", true), ("rotate.destroyed", true),
    ];

    [SkippableFact]
    public async Task A_rotation_that_is_killed_at_every_step_loses_no_key_and_is_ended_by_the_next_pass()
    {
        await using var service = await TestService.StartAsync();
        // Once a minute it would end what a process had begun.
        await service.Services.GetRequiredService<KeyRotationDuty>().StopAsync(CancellationToken.None);
        await service.AddConversationsAsync("theirs", 12, "user-1");
        var (forgotten, ended) = (await SubmitAsync(service, 1), await SubmitAsync(service, 2));
        await service.RunSlicesAsync();
        var alive = new List<string> { ended, await SubmitAsync(service, 3) };
        await InsertKeysAsync(service);
        await using var backup = await Backup.TakeAsync(service);
        await service.ForgetAsync(forgotten);

        foreach (var (point, isBlind) in s_points)
        {
            await KilledVerb.RunAsync(service, point, "key", "rotate", "--now");
            Assert.Equal((point, MoreKeys + alive.Count), (point, await OpenKeysAsync(service)));
            Assert.Equal((point, isBlind), (point, await backup.OpenAsync(ForgettingSteps.Id(forgotten)) is null));
            Assert.NotNull(await backup.OpenAsync(ForgettingSteps.Id(ended)));
            // Between the death and the next pass life goes on.
            alive.Add(await SubmitAsync(service, alive.Count + 2));
            Assert.Equal(MoreKeys + alive.Count, await OpenKeysAsync(service));
        }

        await service.Rotation().RunOnceAsync(RotateWhen.Forgotten, "test", null, CancellationToken.None);
        Assert.Null(await backup.OpenAsync(ForgettingSteps.Id(forgotten)));
        Assert.NotNull(await backup.OpenAsync(ForgettingSteps.Id(ended)));
        Assert.NotNull(await backup.OpenAsync(ForgettingSteps.Id(alive[1])));
        Assert.Equal(MoreKeys + alive.Count, await OpenKeysAsync(service));
        Assert.Equal(
            ["epoch-000002.key", "service.key", "survivors-000002.keys"],
            Directory.EnumerateFiles(service.KeyDirectory).Select(Path.GetFileName)
                .Where(name => !name!.StartsWith("log.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal("1", await service.ScalarAsync<string>(
            "select string_agg(data->>'epoch', ' ') from ledger.mt_events where type = 'epoch_key_destroyed'"));
        await service.RunSlicesAsync();
        foreach (var job in alive)
            Assert.Equal(1, (await service.StatusAsync(job)).GetProperty("result").GetProperty("deletedCount").GetInt64());
    }

    private static Task<string> SubmitAsync(TestService service, int conversation) =>
        service.SubmitAsync(new { conversationIds = new[] { $"theirs-{conversation:D5}" } });

    private static async Task InsertKeysAsync(TestService service)
    {
        var keys = Enumerable
            .Range(0, MoreKeys)
            .Select(i => JobId.FromRandomness(SHA256.HashData(BitConverter.GetBytes(i))))
            .Select(job => (Job: job.Value, Key: service.Keys.NewJobKey(job)))
            .ToArray();
        await using var command = service.Source.CreateCommand(
            "insert into ledger.job_secrets select job, $2, wrapped, '', '' from unnest($1, $3) n (job, wrapped)");
        command.Parameters.Add(new NpgsqlParameter { Value = keys.Select(key => key.Job).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = keys[0].Key.Epoch });
        command.Parameters.Add(new NpgsqlParameter { Value = keys.Select(key => key.Key.Wrapped).ToArray() });
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>How many of the stored job keys the folder opens, as it is on the disk.</summary>
    private static async Task<int> OpenKeysAsync(TestService service)
    {
        var keys = KeyFolder.Open(service.KeyDirectory);
        await using var command = service.Source.CreateCommand("select job_id, epoch, wrapped_key from ledger.job_secrets");
        await using var reader = await command.ExecuteReaderAsync();
        var open = 0;
        while (await reader.ReadAsync())
            open += keys.OpenJobKey(new JobId(reader.GetGuid(0)), reader.GetInt32(1), reader.GetFieldValue<byte[]>(2)) is null ? 0 : 1;
        return open;
    }
}
