using Ledger.Keys;

namespace Ledger.Log;

/// <summary>
/// The problem that stops the log, in words that anybody may read. Only the service's own log tells where this machine keeps its keys.
/// </summary>
/// <param name="writer">This node's writer. Null if other nodes write the log.</param>
internal sealed class LogReadiness(PublishedLog published, KeyFolder keys, ILogger<LogReadiness> log, LogWriter? writer = null)
{
    /// <summary>The beginning of every problem that comes from a file of the key folder, and not from a
    /// <see cref="LogException"/>.</summary>
    public const string KeyFolderProblem = "the key folder cannot be used";

    private string? _logged;

    /// <summary>The problem in plain words, without paths. Null if there is none.</summary>
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
