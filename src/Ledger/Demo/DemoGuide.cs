using System.Text.Json.Nodes;
using Ledger.Cli;
using Ledger.Jobs;
using Ledger.Machine;

namespace Ledger.Demo;

/// <summary>Suggestions for trying out a demo that stays up.</summary>
internal sealed class DemoGuide(Terminal terminal, string address, string token)
{
    public async Task PrintAsync(DemoStore store, DemoErased erased, DemoProofs proofs, string outbox, CancellationToken cancel)
    {
        var job = erased.Jobs[0];
        var deletions = $"{address}/api/public/bot/{Uri.EscapeDataString(job.Bot)}/conversations/delete";
        terminal.Line();
        terminal.Line(erased.Summary);
        terminal.Line();
        terminal.Line("The service stays up. In another terminal, with a token that is good for 12 hours:");
        terminal.Line($"  TOKEN={token}");
        terminal.Line("See all jobs, one job, and what became of its conversations:");
        terminal.Line($"  curl -H \"auth: $TOKEN\" '{deletions}'");
        terminal.Line($"  curl -H \"auth: $TOKEN\" '{deletions}/{job.Id}'");
        terminal.Line($"  curl -H \"auth: $TOKEN\" '{deletions}/{job.Id}/outcomes?limit=5'");
        if (await store.UntouchedUserAsync(job.Bot, cancel) is { } user)
        {
            terminal.Line("Erase a further channel user:");
            terminal.Line(
                $"  curl -H \"auth: $TOKEN\" --json {ShellWord.Of(new JsonObject { ["cId"] = user }.ToJsonString())} '{deletions}'");
        }
        terminal.Line("Fetch the job's erasure proof, and check it (erasure-verify, which needs nothing of this ledger, takes the same):");
        terminal.Line($"  curl -H \"auth: $TOKEN\" -OJ '{deletions}/{job.Id}/proof'");
        if (proofs.ProofFile is { } proof)
            terminal.Line($"  ledger verify {ShellWord.Of(proof)} --key \"$(cat {ShellWord.Of(proofs.KeyFile)})\"");
        terminal.Line($"In the browser: {address}/ (sign in with the token above)");
        terminal.Line($"  one job: {address}{PublicAddress.Job(null, job.Bot, job.Id)}");
        terminal.Line($"  the API's description: {address}/openapi/v1.json");
        terminal.Line($"Read the mail that the bots' owners would get: {outbox}");
        terminal.Line("Ctrl-C stops it.");
    }
}
