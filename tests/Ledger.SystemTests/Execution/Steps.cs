using Npgsql;

namespace Ledger.SystemTests.Execution;

/// <summary>What happens around a job in these tests.</summary>
internal static class Steps
{
    public static DateTimeOffset At(string instant) => DateTimeOffset.Parse(instant);

    /// <summary>A service whose window opens at 18:00 UTC for eight hours, at <paramref name="now"/>.</summary>
    public static async Task<TestService> NightServiceAsync(string now, int batchSize = 1024)
    {
        var service = await TestService.StartAsync(new TestServiceOptions
        {
            OwnClock = true,
            Window = new("0 0 18 * * ?", "UTC", TimeSpan.FromHours(8), 4),
            Execution = new() { BatchSize = batchSize },
        });
        await service.Clock.SetAsync(At(now));
        return service;
    }

    /// <summary>Holds a conversation's row as another program might; ends when disposed.</summary>
    public static async Task<IAsyncDisposable> LockConversationAsync(this TestService service, string conversation)
    {
        var connection = new NpgsqlConnection(service.Database.Superuser);
        await connection.OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand(
            "select from conversations.conversations where conversation_id = $1 for update", connection, transaction)
        {
            Parameters = { new() { Value = conversation } },
        };
        await hold.ExecuteNonQueryAsync();
        return new Held(connection, transaction);
    }

    private sealed class Held(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }

    /// <summary>Until a lane waits for a lock.</summary>
    public static Task UntilALaneWaitsAsync(this TestService service) =>
        UntilAsync(
            "no lane waits for a lock",
            () =>
                service.ScalarAsync<bool>(
                    "select exists (select from pg_stat_activity where datname = current_database() and application_name = 'ledger "
                    + "lanes' and wait_event_type = 'Lock')"
                )
        );

    public static async Task UntilAsync(string otherwise, Func<Task<bool>> holds)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience.Limit, otherwise);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    public static async Task RunAtAsync(this TestService service, string now)
    {
        await service.Clock.SetAsync(At(now));
        await service.RunSlicesAsync();
    }

    /// <summary><c>queued waiting 2026-11-20T18:00:00.000Z 0/3</c>: status, phase, latest plan, processed of identified.</summary>
    public static async Task<string> InShortAsync(this TestService service, string job)
    {
        var status = await service.StatusAsync(job);
        var result = status.GetProperty("result");
        return $"{status.GetProperty("status")} {status.GetProperty("phase")} {status.GetProperty("scheduledAt")} "
            + $"{result.GetProperty("processedCount")}/{result.GetProperty("totalConversations")}";
    }

    /// <summary><c>completed done 8 deleted 2 failed 0 skipped 3 retries</c></summary>
    public static async Task<string> CountsAsync(this TestService service, string job, string? bot = null)
    {
        var status = await service.StatusAsync(job, bot);
        var result = status.GetProperty("result");
        return $"{status.GetProperty("status")} {status.GetProperty("phase")} {result.GetProperty("deletedCount")} deleted "
            + $"{result.GetProperty("failedCount")} failed "
            + $"{result.GetProperty("skippedCount")} skipped {result.GetProperty("retriesRemaining")} retries";
    }

    /// <summary>A trigger in the conversation store, as a platform might have: <paramref name="body"/> is PL/pgSQL.</summary>
    public static Task AddTriggerAsync(this TestService service, string table, string name, string when, string body) =>
        service.ExecuteAsync(
            $"""
            create function conversations.{name}() returns trigger language plpgsql as $body$ begin {body} end $body$;
            create trigger {name} {when} on conversations.{table} for each row execute function conversations.{name}();
            """
        );
}
