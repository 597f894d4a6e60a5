using Ledger.Hosting;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Keys.Rotation;
using Ledger.Log;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Proofs;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Forgetting;

/// <summary>Backups from before a rotation, restored with the key folder as it is after it.</summary>
public sealed class BackupTests
{
    private static readonly string[] s_ids = ["theirs-00001", "theirs-00002", "theirs-00003", "user-1"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_backup_from_before_a_job_was_forgotten_unseals_none_of_its_ids_and_without_the_forgetting_all(bool forget)
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("theirs", 3, "user-1");
        await service.AddConversationsAsync("others", 2, "user-2");
        var (job, other) = (
            await service.SubmitAsync(new { cId = "user-1" }),
            await service.SubmitAsync(new { conversationIds = new[] { "others-00001" } }));
        await service.RunSlicesAsync();
        await using var backup = await Backup.TakeAsync(service);
        Assert.Equal(s_ids, await backup.UnsealedAsync(s_ids));

        if (forget)
            await service.ForgetAsync(job);
        Assert.Equal(s_ids, await backup.UnsealedAsync(s_ids)); // the rotation blinds it, nothing earlier
        Assert.Equal([1], (await service.RotateAsync()).Destroyed);
        Assert.Equal(forget ? [] : s_ids, await backup.UnsealedAsync(s_ids));
        Assert.Equal(forget, await backup.OpenAsync(ForgettingSteps.Id(job)) is null);
        Assert.Equal(["others-00001"], await backup.UnsealedAsync("others-00001"));

        // And so it stays, however often the keys are rotated.
        await service.RotateAsync();
        await service.RotateAsync();
        Assert.Equal(forget ? [] : s_ids, await backup.UnsealedAsync(s_ids));
        Assert.Equal(["others-00001"], await backup.UnsealedAsync("others-00001"));
        Assert.NotNull(await backup.OpenAsync(ForgettingSteps.Id(other)));
        Assert.Equal(forget ? [] : s_ids, await LiveAsync(service));
    }

    [Fact]
    public async Task Nothing_in_the_key_folder_opens_a_forgotten_jobs_key()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-00001" } });
        await service.RunSlicesAsync();
        var wrapped = await service.ScalarAsync<byte[]>("select wrapped_key from ledger.job_secrets");
        await service.RotateAsync(); // so that there are survivors of it
        var rewrapped = await service.ScalarAsync<byte[]>("select wrapped_key from ledger.job_secrets");
        await service.ForgetAsync(job);
        Assert.True(Opens(wrapped) || Opens(rewrapped)); // the search finds what there is
        await service.RotateAsync();
        Assert.False(Opens(wrapped) || Opens(rewrapped));
        var bytes = Directory.EnumerateFiles(service.KeyDirectory).Select(File.ReadAllBytes).ToArray();
        Assert.All(bytes, file => Assert.Equal(-1, file.AsSpan().IndexOf(ForgettingSteps.Id(job).Value.ToByteArray(bigEndian: true))));

        bool Opens(byte[] key) =>
            Directory
                .EnumerateFiles(service.KeyDirectory, "epoch-*.key")
                .Any(file =>
                {
                    try
                    {
                        return Seal.Open(
                                Convert.FromBase64String(File.ReadAllText(file).Trim()),
                                key,
                                System.Text.Encoding.UTF8.GetBytes($"job-key\n{job}")
                            ).Length == JobKey.Size;
                    }
                    catch (System.Security.Cryptography.CryptographicException)
                    {
                        return false;
                    }
                });
    }

    [Fact]
    public async Task A_service_on_a_restored_backup_finishes_its_jobs_takes_new_ones_and_rotates_again()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("theirs", 3, "user-1");
        await service.AddConversationsAsync("others", 2, "user-2");
        var gone = await service.SubmitAsync(new { conversationIds = new[] { "others-00001" } });
        await service.RunSlicesAsync();
        var waiting = await service.SubmitAsync(new { cId = "user-1" });
        await using var backup = await Backup.TakeAsync(service);
        await service.RunSlicesAsync();
        await service.ForgetAsync(gone);
        await service.RotateAsync();
        await service.RotateAsync();

        // The log lost leaves that were signed: it goes on under a new name.
        await OriginChange.RunAsync(backup.Source, TestStore.One, service.KeyDirectory, "ledger.example/restored", "test",
            "a backup was restored", TimeProvider.System, CancellationToken.None);
        await using var node = LedgerService.Build(new ServiceSettings
        {
            Connection = backup.Connection,
            Keys = backup.KeysNow(),
            Urls = "http://127.0.0.1:0",
            Turns = null,
            Engine = null,
            Log = new LogOptions { Loop = false },
            Http = new() { Submits = null },
        });
        await node.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(Ledger.Cli.Run.ServeCommand.Addresses(node).Single()) };
        using var request = new HttpRequestMessage(HttpMethod.Post, service.Deletions)
        {
            Content = System.Net.Http.Json.JsonContent.Create(new { conversationIds = new[] { "others-00002" } }),
        };
        request.Headers.Add("auth", service.Token());
        using var answer = await client.SendAsync(request);
        Assert.Equal(202, (int)answer.StatusCode);
        for (var round = 0; round < 3; round++)
        {
            Assert.Null((await node.Services.GetRequiredService<LogWriter>().RunOnceAsync(CancellationToken.None)).Problem);
            await node.Services.RunSliceAsync("test");
        }
        Assert.Equal(3, await backup.ScalarAsync<long>("select count(*) from ledger.mt_doc_jobstatus where data->>'status' = 'completed'"));
        Assert.Equal(
            4,
            await backup.ScalarAsync<long>(
                "select sum((data->'result'->>'deletedCount')::int) from ledger.mt_doc_jobstatus where id <> '"
                    + ForgettingSteps.Id(gone).Value
                    + "'"
            )
        );

        // What was forgotten stays blind in it, and stands in no rotation's way.
        var rotation = node.Services.GetRequiredService<KeyRotation>();
        Assert.Equal(
            4,
            Assert.IsType<RotationResult.Rotated>(await rotation.RunOnceAsync(RotateWhen.Now, "test", null, CancellationToken.None)).Epoch);
        Assert.Null(await backup.OpenAsync(ForgettingSteps.Id(gone)));
        Assert.NotNull(await backup.OpenAsync(ForgettingSteps.Id(waiting)));
        Assert.Equal(1, await backup.ScalarAsync<long>("select count(*) from ledger.job_secrets where epoch < 4"));
    }

    [Fact]
    public async Task Finishing_on_a_restored_backup_leaves_the_survivors_alone_that_a_newer_backup_needs()
    {
        await using var service = await TestService.StartAsync();
        await using var older = await Backup.TakeAsync(service);
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-00001" } });
        var wrapped = await service.ScalarAsync<byte[]>("select wrapped_key from ledger.job_secrets");
        await service.RotateAsync();
        await new KeyRotation(older.Source, TestStore.One, older.KeysNow(), TimeProvider.System).RunOnceAsync(
            RotateWhen.Daily, "test", null, CancellationToken.None);
        Assert.Equal(2, await older.ScalarAsync<int>("select max(epoch) from ledger.key_epochs"));
        Assert.NotNull(older.KeysNow().OpenJobKey(ForgettingSteps.Id(job), 1, wrapped));
    }

    [Fact]
    public async Task After_forgetting_the_audit_passes_and_proofs_verify_those_handed_out_before_with_their_ids()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("theirs", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var (whole, one) = (await service.JobProofAsync(job), await service.ConversationProofAsync(job, "theirs-00002"));

        await service.ForgetAsync(job);
        await service.RotateAsync();
        await service.WriteLogAsync();

        var audit = await CliDatabase.RunAsync([
            "audit", "--connection", service.Database.ConnectionStringFor("ledger_service"), "--keys", service.KeyDirectory,
        ]);
        Assert.True(audit.ExitCode == 0, audit.Output + audit.Error);
        Assert.Equal((3, 3), ((await service.CheckJobAsync(whole)).Deleted, (await service.CheckJobAsync(whole)).Disclosed));
        Assert.Equal("theirs-00002", (await service.CheckConversationAsync(one)).ConversationId);
        var fresh = await service.CheckJobAsync(await service.JobProofAsync(job));
        Assert.Equal((3, 0), (fresh.Deleted, fresh.Disclosed));
    }

    private static async Task<IReadOnlyList<string>> LiveAsync(TestService service) =>
        [
            .. (await new IdentifierSearch(service.Source, service.Keys).FindAsync(s_ids, null, CancellationToken.None))
                .Found.Select(found => found.Id)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
}
