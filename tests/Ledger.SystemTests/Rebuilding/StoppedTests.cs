using Ledger.Cli;
using Ledger.Rebuilding;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Execution;
using Npgsql;

namespace Ledger.SystemTests.Rebuilding;

/// <summary>
/// A rebuild that does not come to its end changes nothing, and one that cannot be done says why. The tests share a ledger, and each leaves
/// it right.
/// </summary>
public sealed class StoppedTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableFact]
    public async Task A_rebuild_that_is_stopped_changes_nothing_and_leaves_nothing()
    {
        await using var service = await shared.WithOwnBotAsync();
        var (different, missing) = (await service.SubmitAsync(new { cId = "user-1" }), await service.SubmitAsync(new { cId = "user-2" }));
        RebuildPhase[] phases =
            [RebuildPhase.Folding, RebuildPhase.CatchingUp, RebuildPhase.Comparing, RebuildPhase.Swapping, RebuildPhase.Committing];
        foreach (var phase in phases)
        {
            await service.TamperAsync(different, missing);
            var before = await service.ProjectionsAsync();
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service.RebuildAsync(
                progress =>
                {
                    if (progress.Phase == phase)
                        stop.Cancel();
                },
                cancel: stop.Token));
            Assert.Equal(before, await service.ProjectionsAsync());
            await NoSessionIsLeftAsync(service);
            await PutsRightAsync(service);
        }
    }

    [SkippableFact]
    public async Task A_rebuild_that_is_killed_with_its_changes_made_and_not_committed_changes_nothing_and_lets_writers_go_on()
    {
        await using var service = await TamperedAsync();
        var before = await service.ProjectionsAsync();
        using (var ledger = LedgerProcess.Start(
            new Dictionary<string, string> { ["LEDGER_FAULT_POINT"] = "rebuild.before-commit", [DatabaseOptions.ConnectionVariable] = service.Connection() }, "rebuild"))
        {
            await ledger.LineAsync("fault point rebuild.before-commit");
            Assert.True(await service.ScalarAsync<bool>(
                "select exists (select from pg_locks where relation = 'ledger.mt_doc_job'::regclass "
                + "and mode = 'ShareRowExclusiveLock' and granted)"));
        }
        await NoSessionIsLeftAsync(service);
        Assert.Equal(before, await service.ProjectionsAsync());
        await service.SubmitAsync(new { cId = "user-9" });
        await PutsRightAsync(service);
    }

    [SkippableFact]
    public async Task While_the_tables_are_locked_readers_go_on_and_writers_wait()
    {
        await using var service = await TamperedAsync();
        var waiting = await service.SubmitAsync(new { cId = "user-9" });
        Task<string>? submission = null;
        await service.RebuildAsync(progress =>
        {
            if (progress.Phase != RebuildPhase.Committing)
                return;
            submission = Task.Run(() => service.SubmitAsync(new { cId = "user-8" }));
            var read = Task.Run(async () =>
            {
                Assert.Equal("queued", (await service.StatusAsync(waiting)).GetProperty("status").GetString());
                // What is being put right is still read as it was.
                Assert.Equal(1, await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where client = 'nobody'"));
                await Steps.UntilAsync("the submission does not wait", () => service.ScalarAsync<bool>(
                    "select exists (select from pg_stat_activity where datname = current_database() and application_name = 'ledger' and wait_event_type = 'Lock')"));
            });
            Assert.True(read.Wait(TimeSpan.FromSeconds(8)), "readers wait");
            Assert.False(submission.IsCompleted);
        });
        await service.StatusAsync(await submission!);
        await service.AssertAuditHoldsAsync();
    }

    [SkippableFact]
    public async Task A_lock_that_cannot_be_had_is_told_with_who_has_it_and_nothing_is_changed()
    {
        await using var service = await TamperedAsync();
        var before = await service.ProjectionsAsync();
        await using var holder = new NpgsqlConnection(service.Database.Superuser);
        await holder.OpenAsync();
        await using (var transaction = await holder.BeginTransactionAsync())
        {
            await using var update = new NpgsqlCommand("update ledger.mt_doc_job set status = status", holder);
            await update.ExecuteNonQueryAsync();
            var told = await Assert.ThrowsAsync<RebuildException>(() => service.RebuildAsync(
                options: new RebuildOptions { LockTimeout = TimeSpan.FromMilliseconds(200), LockAttempts = 3, BetweenAttempts = TimeSpan.FromMilliseconds(20) }));
            Assert.Contains("could not be locked in 3 attempts of 0.2 s", told.Message, StringComparison.Ordinal);
            Assert.Matches($"PostgreSQL process [^)]*\\b{holder.ProcessID}\\b", told.Message);
            Assert.Contains("Nothing was changed", told.Message, StringComparison.Ordinal);
        }
        Assert.Equal(before, await service.ProjectionsAsync());
        await PutsRightAsync(service);
    }

    [SkippableFact]
    public async Task A_second_rebuild_at_once_and_a_role_without_temporary_tables_are_told()
    {
        await using var service = await TamperedAsync();
        string? second = null;
        await service.RebuildAsync(progress => second ??= progress.Phase == RebuildPhase.Comparing
            ? Task.Run(() => service.RebuildVerbAsync()).GetAwaiter().GetResult().Error
            : null);
        Assert.Contains("another rebuild is running", second, StringComparison.Ordinal);

        await service.ExecuteAsync($"revoke temporary on database {service.Database.Name} from public");
        var told = await service.RebuildVerbAsync();
        Assert.Equal(ExitCodes.Failed, told.ExitCode);
        Assert.Contains($"grant temporary on database {service.Database.Name} to ledger_service", told.Error, StringComparison.Ordinal);
        await service.ExecuteAsync($"grant temporary on database {service.Database.Name} to public");
    }

    private async Task<TestService> TamperedAsync()
    {
        var service = await shared.WithOwnBotAsync();
        var (different, missing) = (await service.SubmitAsync(new { cId = "user-1" }), await service.SubmitAsync(new { cId = "user-2" }));
        await service.TamperAsync(different, missing);
        return service;
    }

    private static Task NoSessionIsLeftAsync(TestService service) => Steps.UntilAsync("a session of the rebuild is left", async () =>
        await service.ScalarAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and application_name = 'ledger rebuild'") == 0);

    private static async Task PutsRightAsync(TestService service)
    {
        Assert.Equal(4, (await service.RebuildAsync()).Wrong);
        await service.AssertAuditHoldsAsync();
    }
}
