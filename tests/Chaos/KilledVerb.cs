using System.Diagnostics;
using Ledger.SystemTests;

namespace Ledger.Chaos;

/// <summary>A verb of the command line, in a process that is killed.</summary>
internal static class KilledVerb
{
    /// <summary>Runs the verb, and kills it when it stands at the fault point. What it held is free afterwards.</summary>
    public static async Task RunAsync(TestService service, string point, params string[] verb)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ledger.dll"), .. verb])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LEDGER_CONNECTION"] = service.Database.ConnectionStringFor("ledger_service");
        start.Environment["LEDGER_KEYS"] = service.KeyDirectory;
        start.Environment["LEDGER_FAULT_POINT"] = point;
        using var process = Process.Start(start)!;
        try
        {
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
            Assert.True(line == $"fault point {point}", line ?? await process.StandardError.ReadToEndAsync());
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        // The server notices the dead session, and frees its lock, a moment later.
        await Scene.UntilAsync("the lock is free", () => service.ScalarAsync<bool>(
            """
            select not exists (
                select from pg_locks
                where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()))
                and not exists (
                    select from pg_stat_activity where datname = current_database() and state = 'idle in transaction')
            """));
    }
}
