using System.Text.Json;
using Ledger.Database;
using Ledger.Execution;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests;

/// <summary>Works in a window as a turn does, but holds no lane: a test says what runs beside what.</summary>
internal static class Slices
{
    /// <summary>Sessions such as lanes have, but for one thing: they may rest.</summary>
    public static NpgsqlDataSource Sessions(string connectionString) =>
        LedgerSession.Source(
            connectionString,
            SessionKind.Lanes with
            {
                IsPooled = true,
                Settings = SessionKind
                    .Lanes.Settings.Where(one => one.Key != "idle_session_timeout")
                    .ToDictionary(one => one.Key, one => one.Value),
            }
        );

    /// <summary>Until nothing is due that could be claimed.</summary>
    public static Task RunSliceAsync(this IServiceProvider node, string window, CancellationToken cancel = default) =>
        RunSliceAsync(node, window, () => Task.CompletedTask, cancel);

    /// <summary>One step: a part of a list, or a batch. The log, which batches wait for, is written before.</summary>
    public static async Task RunStepAsync(this TestService service)
    {
        await service.WriteLogAsync();
        using var stepped = new CancellationTokenSource();
        await RunSliceAsync(service.Services, "test", stepped.CancelAsync, stepped.Token);
    }

    /// <summary>Until the job has started. Nothing of it is deleted yet.</summary>
    public static async Task RunToStartAsync(this TestService service, string job)
    {
        while ((await service.StatusAsync(job)).GetProperty("startedAt").ValueKind == JsonValueKind.Null)
            await service.RunStepAsync();
    }

    private static async Task RunSliceAsync(IServiceProvider node, string window, Func<Task> begun, CancellationToken cancel)
    {
        var lanes = node.GetRequiredService<LaneDatabase>();
        var session = await lanes.OpenAsync(cancel);
        try
        {
            var slice = new Slice(window, TimeProvider.System.GetTimestamp(), begun);
            await node.GetRequiredService<SliceRunner>().RunSliceAsync(session, slice, cancel);
            lanes.Keep(session);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }
}
