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
    public static async Task RunSliceAsync(this IServiceProvider node, string window, CancellationToken cancel = default)
    {
        var lanes = node.GetRequiredService<LaneDatabase>();
        var session = await lanes.OpenAsync(cancel);
        try
        {
            var slice = new Slice(window, TimeProvider.System.GetTimestamp(), () => Task.CompletedTask);
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
