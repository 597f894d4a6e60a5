using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Log;
using Ledger.Proofs;
using Ledger.Web;
using Ledger.Web.Tokens;
using Npgsql;

namespace Ledger.Api;

/// <summary>Checks that the caller may have a job's proof or certificate, and that there is one by now.</summary>
internal static class ProofAccess
{
    /// <summary>Seconds to wait. In normal operation the log covers an event within one second.</summary>
    private const int RetryAfter = 1;

    internal static readonly ErrorAnswer Unfinished = new(
        409, "the job has not ended: there is nothing final to show yet. Ask for its status until it has");
    internal static readonly ErrorAnswer WithoutRest = new(
        409,
        "the job was cancelled when its key was destroyed already, so that the part of its list that was not touched cannot be proved: "
        + "there are proofs of its single conversations only");
    internal static readonly ErrorAnswer NotCovered = new(
        503,
        "the log has no published checkpoint yet that covers the whole job: repeat the request later (/health/ready says if something "
        + "keeps the log from it)",
        RetryAfter);

    /// <summary>The job. A refusal comes with it if there is no such job, or if the caller may not have its proofs.</summary>
    public static async Task<(JobId Job, IResult? Refusal)> AllowAsync(HttpContext context, RateLimits limits, JobReader jobs)
    {
        var caller = Caller.Of(context);
        var bot = caller.Bot.BotId;
        if (!JobId.TryParse(BotPath.JobId(context), out var job))
            return (job, Refusals.UnknownJob);
        if (limits.Refuse(context, LimitedCall.Poll, $"{bot}/{job}") is { } tooMany)
            return (job, tooMany);
        if (await jobs.ClientAsync(bot, job, context.RequestAborted) is not { } submitter)
            return (job, Refusals.UnknownJob);
        return (job, submitter == caller.ClientId || caller.MayDoOneOf([Scope.ErasureProofs]) ? null : TokenAuthentication.Forbidden);
    }

    /// <summary>The job with the checkpoint that covers it, or a refusal that says why there is none yet.</summary>
    public static async Task<(ProvableJob? Job, IResult? Refusal)> ProvableAsync(
        NpgsqlDataSource database, PublishedLog log, JobId job, CancellationToken cancel) =>
        await ProvableJob.FindAsync(database, log, job, cancel) switch
        {
            Provability.Ready ready => (ready.Job, null),
            Provability.Unfinished => (null, Unfinished),
            Provability.WithoutRest => (null, WithoutRest),
            _ => (null, NotCovered),
        };
}
