using Ledger.Contracts.Jobs;
using Ledger.Registry;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary>Records that a caller reads raw identifiers of a job, once for each client, job and form (docs/adr/0018).</summary>
internal static class Disclosure
{
    /// <summary>
    /// Call this before anything is handed out. A record of something that was never received does less harm than no record.
    /// </summary>
    /// <param name="registry">Records it.</param>
    /// <param name="context">The request.</param>
    /// <param name="job">The job.</param>
    /// <param name="what">The form of what is handed out. Never an identifier.</param>
    public static async Task RecordAsync(RegistryStore registry, HttpContext context, JobId job, string what)
    {
        if (HeadRequests.IsHead(context))
            return; // nothing is handed out
        var caller = Caller.Of(context);
        var record = new RecordDisclosure(caller.Bot.BotId, job.ToString(), caller.ClientId, what, caller.ClientId, Reason: null);
        if (await registry.DiscloseOnceAsync(record, context.RequestAborted) is { } rejection)
            throw new InvalidOperationException(rejection.Message); // the bot was there a moment ago, and none is ever removed
    }
}
