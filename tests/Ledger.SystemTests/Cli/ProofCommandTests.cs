using Ledger.Cli;
using Ledger.Contracts.Registry;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.SystemTests.Proofs;

namespace Ledger.SystemTests.Cli;

/// <summary><c>ledger proof</c></summary>
public sealed class ProofCommandTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableFact]
    public async Task It_writes_the_proof_of_a_job_with_and_without_ids_and_records_who_got_them()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        using var folder = new Folder();

        var told = await DoAsync(service, "proof", job, "-o", folder.File("with"), "--actor", "dpo", "--reason", "request 17");
        Assert.Contains("completed, 3 of 3 conversations deleted", told, StringComparison.Ordinal);
        Assert.Equal(3, (await service.CheckJobAsync(await File.ReadAllBytesAsync(folder.File("with")))).Disclosed);
        Assert.True(
            OperatingSystem.IsWindows() || File.GetUnixFileMode(folder.File("with")) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        await DoAsync(service, "proof", job, "-o", folder.File("without"), "--without-ids");
        Assert.Equal(0, (await service.CheckJobAsync(await File.ReadAllBytesAsync(folder.File("without")))).Disclosed);

        await using var connection = await service.Source.OpenConnectionAsync();
        var disclosed = Assert.Single(
            (await EventStreams.ReadAsync(connection, StreamIds.Bot(service.Bot)).ToListAsync())
                .Select(e => e.Event)
                .OfType<IdentifiersDisclosed>()
        );
        Assert.Equal(("dpo", "dpo", "request 17", job), (disclosed.Actor, disclosed.Client, disclosed.Reason, disclosed.Job));
    }

    [SkippableFact]
    public async Task It_writes_the_proof_of_a_conversation_whose_id_it_reads_from_standard_input()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        using var folder = new Folder();

        using (var found = LedgerProcess.Start(["proof", job, "--conversation", "-o", folder.File("one"), .. On(service)]))
        {
            found.Type(["a-00002"]);
            Assert.True(await found.ExitCodeAsync() == 0, found.Error);
        }
        Assert.Equal("a-00002", (await service.CheckConversationAsync(await File.ReadAllBytesAsync(folder.File("one")))).ConversationId);

        using var unknown = LedgerProcess.Start(["proof", job, "--conversation", "-o", folder.File("none"), .. On(service)]);
        unknown.Type(["a-00009"]);
        Assert.Equal(ExitCodes.Failed, await unknown.ExitCodeAsync());
        Assert.Contains("the job has no outcome for such a conversation", unknown.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("a-00009", unknown.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("none")));
    }

    [SkippableFact]
    public async Task It_writes_the_proofs_of_all_jobs_of_a_bot_in_a_time_with_a_list()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        await service.AddConversationsAsync("a", 3, "user-1");
        await service.AddConversationsAsync("b", 2, "user-2", bot: await service.AddBotAsync());
        var job = await service.SubmitAsync(new { cId = "user-1" });
        var empty = await service.SubmitAsync(new { cId = "nobody" });
        await service.RunSlicesAsync();
        var unfinished = await service.SubmitAsync(new { cId = "user-1" });
        using var folder = new Folder();

        var today = service.Clock.GetUtcNow().ToString("yyyy-MM-dd");
        var told = await DoAsync(service, "proof", "--bot", service.Bot, "--from", today, "--to", today, "-o", folder.Path);
        Assert.Contains("Wrote 2 proofs", told, StringComparison.Ordinal);
        foreach (var (one, deleted) in new[] { (job, 3), (empty, 0) })
            Assert.Equal(deleted, (await service.CheckJobAsync(await File.ReadAllBytesAsync(folder.File($"{one}.erasure-proof")))).Deleted);
        var list = await File.ReadAllLinesAsync(folder.File("summary.tsv"));
        Assert.Equal(4, list.Length);
        Assert.StartsWith($"{job}\t", list[1], StringComparison.Ordinal);
        Assert.EndsWith($"\tcompleted\t3\t3\t0\t0\t{job}.erasure-proof", list[1], StringComparison.Ordinal);
        Assert.StartsWith($"{unfinished}\t", list[3], StringComparison.Ordinal);
        Assert.EndsWith("\thas not ended", list[3], StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(folder.Path).Length);

        var none = await CliDatabase.RunAsync([
            "proof", "--bot", service.Bot, "--from", "2020-01-01", "--to", "2020-12-31", "-o", folder.Path, .. On(service),
        ]);
        Assert.Equal(ExitCodes.Failed, none.ExitCode);
        Assert.Contains("the bot submitted no job in that time", none.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task It_says_why_there_is_no_proof()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { cId = "nobody" });
        foreach (var unfinished in new[] { job, "cdj-00000000-0000-5000-8000-000000000000" })
        {
            var refused = await CliDatabase.RunAsync(["proof", unfinished, .. On(service)]);
            Assert.Equal(ExitCodes.Failed, refused.ExitCode);
            Assert.Contains("there is no such job, or it has not ended", refused.Error, StringComparison.Ordinal);
        }
    }

    private static async Task<string> DoAsync(TestService service, params string[] args)
    {
        var result = await CliDatabase.RunAsync([.. args, .. On(service)]);
        Assert.True(result.ExitCode == ExitCodes.Done, result.Error);
        return result.Output;
    }

    private static string[] On(TestService service) =>
        ["--connection", service.Database.ConnectionStringFor("ledger_service"), "--keys", service.KeyDirectory];

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("ledger-proofs-").FullName;

        public string File(string name) => System.IO.Path.Combine(Path, name);

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
