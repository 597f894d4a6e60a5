using Ledger.Audit.Rebuilding;
using Ledger.Keys;
using Ledger.SystemTests;
using Ledger.SystemTests.Forgetting;

namespace Ledger.Chaos;

/// <summary>
/// SIGKILL of an operator's verb just before it commits, or just after: it was done or it was not, and it can be done again.
/// </summary>
public sealed class VerbKilledTests
{
    private const string Next = "ledger.example/b";

    [SkippableFact]
    public async Task A_job_that_was_to_be_forgotten_is_as_it_was_and_can_be_forgotten()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("theirs", 12, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var before = await service.RecordedAsync();

        await KilledVerb.RunAsync(service, "forget.before-commit", "forget", job, "--reason", "asked for");
        Assert.Equal(before, await service.RecordedAsync());
        await service.ForgetAsync(job);
        Assert.NotEqual(before, await service.RecordedAsync());
    }

    [SkippableTheory]
    [InlineData("log.new-origin.before-commit", false)]
    [InlineData("log.new-origin.after-commit", true)]
    public async Task A_log_that_was_to_be_renamed_has_one_name_and_goes_on(string point, bool isRenamed)
    {
        await using var service = await TestService.StartAsync();
        await service.WriteLogAsync();
        var old = LogKeyFile.Read(service.KeyDirectory).Verifier.Name;

        await KilledVerb.RunAsync(service, point, "log", "new-origin", Next, "--reason", "a test");
        await service.AddConversationsAsync("theirs", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        Assert.Equal(3, (await service.StatusAsync(job)).GetProperty("result").GetProperty("deletedCount").GetInt64());
        var name = isRenamed ? Next : old;
        Assert.Equal(name, LogKeyFile.Read(service.KeyDirectory).Verifier.Name);
        Assert.Equal(name, await service.ScalarAsync<string>("select origin from ledger.log_state"));
    }

    [SkippableFact]
    public async Task Entries_that_were_to_be_put_right_are_as_they_were_and_can_be_put_right()
    {
        await using var service = await TestService.StartAsync();
        await service.SubmitAsync(new { cId = "user-1" });
        await service.WriteLogAsync();
        await service.ExecuteAsync("update ledger.change_log set first_leaf = first_leaf + 1 where bot_id = $1", service.Bot);
        const string Entries = "select md5(string_agg(c::text, '|' order by position, id)) from ledger.change_log c";
        var wrong = await service.ScalarAsync<string>(Entries);

        await KilledVerb.RunAsync(service, "rebuild.before-commit-of-entries", "rebuild");
        Assert.Equal(wrong, await service.ScalarAsync<string>(Entries));
        var rebuild = new Rebuild(service.Database.ConnectionStringFor("ledger_service"), TestStore.One, TimeProvider.System);
        Assert.True((await rebuild.RunAsync(_ => { }, CancellationToken.None)).Wrong > 0);
        Assert.NotEqual(wrong, await service.ScalarAsync<string>(Entries));
    }
}
