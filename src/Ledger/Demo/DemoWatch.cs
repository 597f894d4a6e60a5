using System.Text.Json;
using Ledger.Cli;

namespace Ledger.Demo;

/// <summary>Polls the demo's jobs, as a client does, and tells how they get on.</summary>
internal sealed class DemoWatch(Terminal terminal, DemoApi api, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>The final status document of each job, by its number.</summary>
    /// <exception cref="CommandException">They take far too long.</exception>
    public async Task<IReadOnlyDictionary<int, JsonElement>> UntilAllEndedAsync(IReadOnlyList<DemoJob> jobs, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        var ended = new Dictionary<int, JsonElement>();
        var told = new Dictionary<int, string>();
        while (ended.Count < jobs.Count)
        {
            foreach (var job in jobs.Where(job => !ended.ContainsKey(job.Number)))
            {
                var status = await api.StatusAsync(job, cancel);
                Tell(job, status, told);
                if (status.GetProperty("completedAt").ValueKind != JsonValueKind.Null)
                    ended.Add(job.Number, status);
            }
            if (ended.Count == jobs.Count)
                break;
            if (time.GetElapsedTime(began) > Patience)
                throw new CommandException(
                    $"{jobs.Count - ended.Count} job(s) did not end within {Patience.TotalMinutes} minutes: the service's log above may "
                    + "say why"
                );
            await Task.Delay(Interval, time, cancel);
        }
        return ended;
    }

    private void Tell(DemoJob job, JsonElement status, Dictionary<int, string> told)
    {
        var result = status.GetProperty("result");
        var text =
            $"Job {job.Number}: {status.GetProperty("phase")}, {result.GetProperty("deletedCount").GetInt64():N0} of "
            + $"{result.GetProperty("totalConversations").GetInt64():N0} deleted"
            + (result.GetProperty("skippedCount").GetInt64() is > 0 and var skipped ? $", {skipped:N0} skipped" : "");
        if (told.TryGetValue(job.Number, out var before) && before == text)
            return;
        told[job.Number] = text;
        terminal.Line(text);
    }
}
