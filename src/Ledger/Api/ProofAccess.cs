using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Log;
using Ledger.Proofs;
using Ledger.Web;
using Ledger.Web.Tokens;
using Npgsql;

namespace Ledger.Api;

/// <summary>Who may have a job's proof or certificate, and whether there is one by now.</summary>
internal static class ProofAccess
{
    /// <summary>Seconds: where nothing is wrong, the log covers an event within one.</summary>
    private const int RetryAfter = 1;

    internal static readonly ErrorAnswer Unfinished = new(
        409, "the job has not ended: there is nothing final to show yet. Ask for its status until it has");
    internal static readonly ErrorAnswer NotCovered = new(
        503,
        "the log has no published checkpoint yet that covers the whole job: repeat the request later (/health/ready says if something "
        + "keeps the log from it)",
        RetryAfter);

    /// <summary>The job, if there is one that the caller may have proofs of.</summary>
    public static async Task<(JobId Job, IResult? Refusal)> AllowAsync(HttpContext context, RateLimits limits, JobReader jobs)
    {
        var caller = Caller.Of(context);
        var bot = caller.Bot.BotId;
        if (!JobId.TryParse(BotPath.JobId(context), out var job))
            return (job, Refusals.UnknownJob);
        if (limits.SecondsToWait(LimitedCall.Poll, $"{bot}/{job}") is { } wait)
            return (job, Refusals.TooMany(wait));
        if (await jobs.ClientAsync(bot, job, context.RequestAborted) is not { } submitter)
            return (job, Refusals.UnknownJob);
        return (job, submitter == caller.ClientId || caller.MayDoOneOf([Scope.ErasureProofs]) ? null : TokenAuthentication.Forbidden);
    }

    /// <summary>The job with the checkpoint that covers it, or why there is none yet.</summary>
    public static async Task<(ProvableJob? Job, IResult? Refusal)> ProvableAsync(
        NpgsqlDataSource database, PublishedLog log, JobId job, CancellationToken cancel) =>
        await ProvableJob.FindAsync(database, log, job, cancel) switch
        {
            Provability.Ready ready => (ready.Job, null),
            Provability.Unfinished => (null, Unfinished),
            _ => (null, NotCovered),
        };
}
