using Ledger.Contracts.Jobs;
using Ledger.Registry;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary>
/// Puts on record that a caller gets raw identifiers of a job by reading: once for each client, job and form (docs/adr/0018).
/// </summary>
internal static class Disclosure
{
    /// <summary>To be called before anything is handed out: what is recorded and then not received is the smaller harm.</summary>
    /// <param name="what">In which form; never an identifier.</param>
    public static async Task RecordAsync(RegistryStore registry, Caller caller, JobId job, string what, CancellationToken cancel)
    {
        var record = new RecordDisclosure(caller.Bot.BotId, job.ToString(), caller.ClientId, what, caller.ClientId, Reason: null);
        if (await registry.DiscloseOnceAsync(record, cancel) is { } rejection)
            throw new InvalidOperationException(rejection.Message); // the bot was there a moment ago, and none is ever removed
    }
}
