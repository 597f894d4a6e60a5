using Ledger.Audit.Rebuilding;
using Ledger.Cli;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Execution;
using Npgsql;

namespace Ledger.SystemTests.Rebuilding;

/// <summary>
/// A rebuild that does not come to its end leaves each document as it was or as it must be, and one that cannot be done says why. The tests
/// share a ledger, and each leaves it right.
/// </summary>
public sealed class StoppedTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableTheory]
    [InlineData(RebuildPhase.Documents, 4)]
    [InlineData(RebuildPhase.Committing, 4)]
    [InlineData(RebuildPhase.ChangeLogs, 0)]
    public async Task A_rebuild_that_is_stopped_leaves_what_it_had_not_put_right_as_it_was(RebuildPhase phase, int wrong)
    {
        await using var service = await TamperedAsync();
        var before = await service.ProjectionsAsync();
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service.RebuildAsync(
            progress =>
            {
                if (progress.Phase == phase)
                    stop.Cancel();
            },
            cancel: stop.Token));
        Assert.Equal(wrong > 0, before == await service.ProjectionsAsync());
        await NoSessionIsLeftAsync(service);
        await PutsRightAsync(service, wrong);
    }

    [SkippableFact]
    public async Task A_rebuild_that_is_killed_with_its_changes_made_and_not_committed_changes_nothing_and_lets_writers_go_on()
    {
        await using var service = await TamperedAsync();
        var before = await service.ProjectionsAsync();
        using (
            var ledger = LedgerProcess.Start(
                new Dictionary<string, string>
                {
                    ["LEDGER_FAULT_POINT"] = "rebuild.before-commit",
                    [DatabaseOptions.ConnectionVariable] = service.Connection(),
                },
                "rebuild"
            )
        )
        {
            await ledger.LineAsync("fault point rebuild.before-commit");
            Assert.Equal(1, await LockedStreamsAsync(service));
        }
        await NoSessionIsLeftAsync(service);
        Assert.Equal(0, await LockedStreamsAsync(service));
        Assert.Equal(before, await service.ProjectionsAsync());
        await PutsRightAsync(service, 4);
    }

    [SkippableFact]
    public async Task A_rebuild_that_is_stopped_with_entries_put_right_and_not_committed_changes_none()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.SubmitAsync(new { cId = "user-1" });
        await service.WriteLogAsync();
        await service.ExecuteAsync("update ledger.change_log set first_leaf = first_leaf + 1 where bot_id = $1", service.Bot);
        var before = await service.ProjectionsAsync();
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service.RebuildAsync(
            progress =>
            {
                if (progress.Phase == RebuildPhase.Committing)
                    stop.Cancel();
            },
            cancel: stop.Token));
        Assert.Equal(before, await service.ProjectionsAsync());
        Assert.True((await service.RebuildAsync()).Wrong > 2);
        await service.AssertAuditHoldsAsync();
    }

    [SkippableFact]
    public async Task While_a_document_is_put_right_its_readers_go_on_and_only_its_own_stream_is_held()
    {
        await using var service = await TamperedAsync();
        var others = new List<string>();
        await service.RebuildAsync(progress =>
        {
            if (progress.Phase != RebuildPhase.Committing)
                return;
            var meanwhile = Task.Run(async () =>
            {
                Assert.Equal(1, await LockedStreamsAsync(service));
                // What is not committed is still read as it was, and nothing is missing that was there.
                Assert.Equal(1, await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where client = 'nobody'"));
                others.Add(await service.SubmitAsync(new { cId = "user-8" }));
                Assert.Equal("queued", (await service.StatusAsync(others[^1])).GetProperty("status").GetString());
            });
            Assert.True(meanwhile.Wait(Patience.Limit), "others wait");
        });
        Assert.NotEmpty(others);
        await service.AssertAuditHoldsAsync();
    }

    [SkippableFact]
    public async Task A_stream_that_another_transaction_holds_is_told_with_who_has_it()
    {
        await using var service = await TamperedAsync();
        await using var holder = new NpgsqlConnection(service.Database.Superuser);
        await holder.OpenAsync();
        await using (var transaction = await holder.BeginTransactionAsync())
        {
            await using var update = new NpgsqlCommand("update ledger.mt_streams set timestamp = timestamp", holder);
            await update.ExecuteNonQueryAsync();
            var told = await Assert.ThrowsAsync<RebuildException>(() => service.RebuildAsync(lockTimeout: TimeSpan.FromMilliseconds(200)));
            Assert.Contains("is held by a transaction that goes on and on", told.Message, StringComparison.Ordinal);
            Assert.Contains($"(PostgreSQL process {holder.ProcessID})", told.Message, StringComparison.Ordinal);
        }
        await PutsRightAsync(service, 4);
    }

    [SkippableFact]
    public async Task A_second_rebuild_at_once_is_told()
    {
        await using var service = await TamperedAsync();
        string? second = null;
        await service.RebuildAsync(progress => second ??= progress.Phase == RebuildPhase.ChangeLogs
            ? Task.Run(() => service.RebuildVerbAsync()).GetAwaiter().GetResult().Error
            : null);
        Assert.Contains("another rebuild is running", second, StringComparison.Ordinal);
    }

    private static Task<long> LockedStreamsAsync(TestService service) => service.ScalarAsync<long>(
        "select count(*) from ledger.mt_streams where id not in (select id from ledger.mt_streams for update skip locked)");

    private async Task<TestService> TamperedAsync()
    {
        var service = await shared.WithOwnBotAsync();
        var (different, missing) = (await service.SubmitAsync(new { cId = "user-1" }), await service.SubmitAsync(new { cId = "user-2" }));
        await service.TamperAsync(different, missing);
        return service;
    }

    private static Task NoSessionIsLeftAsync(TestService service) =>
        Steps.UntilAsync(
            "a session of the rebuild is left",
            async () =>
                await service.ScalarAsync<long>(
                    "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'ledger rebuild'") == 0
        );

    private static async Task PutsRightAsync(TestService service, int wrong)
    {
        Assert.Equal(wrong, (await service.RebuildAsync()).Wrong);
        await service.AssertAuditHoldsAsync();
    }
}
