using System.Text.RegularExpressions;
using Ledger.Registry;

namespace Ledger.Jobs;

/// <summary>
/// Shows unfinished jobs of a paused bot with the phase <c>paused</c> (contract §2). No event of a job says so: the stored document stays
/// the fold of its events, and only what is served differs from it (docs/adr/0053).
/// </summary>
public static partial class PausedPhase
{
    /// <summary>The document as a client is shown it.</summary>
    public static StoredStatus Of(StoredStatus status, string bot, RegistrySnapshot registry) =>
        registry.IsPaused(bot) ? new StoredStatus(Show(status.Json), status.Ended, status.PlannedAt) : status;

    /// <summary>The page as a client is shown it.</summary>
    public static JobPage Of(JobPage page, RegistrySnapshot registry) => page with
    {
        Jobs = [.. page.Jobs.Select(job => registry.IsPaused(job.Bot) ? job with { Json = Show(job.Json) } : job)],
    };

    private static string Show(string json) => Unfinished().Replace(json, "\"phase\":\"paused\"", 1);

    /// <summary>
    /// The member as <see cref="Projections.Status.StatusText"/> writes it. No other member of the document holds a text of people.
    /// </summary>
    [GeneratedRegex("\"phase\":\"(waiting|running|retrying)\"")]
    private static partial Regex Unfinished();
}
