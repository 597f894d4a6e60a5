using Ledger.Keys;

namespace Ledger.Log;

/// <summary>
/// What keeps the log from going on, as anybody may read it: where this machine keeps its keys is told to the service's own log alone.
/// </summary>
/// <param name="writer">This node's; null: other nodes write the log.</param>
internal sealed class LogReadiness(PublishedLog published, KeyFolder keys, ILogger<LogReadiness> log, LogWriter? writer = null)
{
    /// <summary>Begins every problem that a file of the key folder, and no <see cref="LogException"/>, is the reason of.</summary>
    public const string KeyFolderProblem = "the key folder cannot be used";

    private string? _logged;

    /// <summary>In plain words, without paths; null if nothing does.</summary>
    public async Task<string?> ProblemAsync(CancellationToken cancel)
    {
        var problem = writer?.Problem ?? await published.ProblemAsync(cancel);
        if (problem is null || !NamesFiles(problem))
            return problem;
        // Once for each problem: anybody may ask, as often as they like.
        if (Interlocked.Exchange(ref _logged, problem) != problem)
            log.LogError("The log is not ready: {Problem}", problem);
        return $"{KeyFolderProblem}: see the service's log";
    }

    private bool NamesFiles(string problem) =>
        problem.StartsWith(KeyFolderProblem, StringComparison.Ordinal) || problem.Contains($"'{keys.Folder}", StringComparison.Ordinal);
}
