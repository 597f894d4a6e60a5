using System.Text.Json;
using Ledger.Cli;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Demo;

/// <summary>
/// Fetches the proofs of the demo's jobs over HTTP and checks them as anybody would: by the log's public key alone. What does not hold is
/// noted with the other mismatches.
/// </summary>
/// <param name="folder">
/// Keeps the first job's proof, that of one of its conversations, and the public key, to try the verifier on by hand.
/// </param>
internal sealed class DemoProofs(DemoApi api, DemoVerification verification, NoteVerifier log, string folder)
{
    private readonly Trust _trust = new(log, []);

    /// <summary>Every proof so far holds, and says what it must.</summary>
    public bool Hold { get; private set; } = true;

    public string KeyFile { get; } = Path.Combine(folder, "log.vkey");

    /// <summary>The first job's proof.</summary>
    public string? ProofFile { get; private set; }

    /// <summary>Checks the job's proof, and that of its first conversation that was deleted.</summary>
    public async Task VerifyAsync(DemoJob job, JsonElement status, IReadOnlyList<DemoOutcome> outcomes, CancellationToken cancel)
    {
        var (name, mismatches) = ($"job {job.Number}'s proof", verification.Mismatches.Count);
        var proof = await api.JobProofAsync(job, cancel);
        var result = status.GetProperty("result");
        if (await CheckAsync(name, proof, cancel) is JobReport report)
        {
            verification.Same(name, "it is of the job", report.Job, "asked for", job.Id.ToString());
            verification.Same(
                name, "conversations deleted", report.Deleted, "by the status", result.GetProperty("deletedCount").GetInt64());
            verification.Same(
                name, "conversation ids in it", report.Disclosed, "conversations identified",
                result.GetProperty("totalConversations").GetInt64());
        }
        var isFirst = ProofFile is null;
        if (isFirst)
            await KeepAsync(job, proof, cancel);
        if (outcomes.FirstOrDefault(one => one.Outcome == "deleted")?.ConversationId is { } conversation)
            await VerifyAsync(job, conversation, isFirst, cancel);
        Hold &= verification.Mismatches.Count == mismatches;
    }

    private async Task VerifyAsync(DemoJob job, string conversation, bool isKept, CancellationToken cancel)
    {
        var name = $"the proof of a conversation of job {job.Number}";
        var proof = await api.ConversationProofAsync(job, conversation, cancel);
        if (isKept)
            await KeepAsync($"{job.Id}.tlog-proof", proof, cancel);
        if (await CheckAsync(name, proof, cancel) is not ConversationReport report)
            return;
        verification.Same(name, "it is of the job", report.Job, "asked for", job.Id.ToString());
        verification.Same(name, "it is of the conversation asked for", report.ConversationId == conversation, "as it must", true);
        verification.Same(name, "the outcome", report.Outcome, "by the API", "deleted");
    }

    private async Task<ErasureReport?> CheckAsync(string name, byte[] proof, CancellationToken cancel)
    {
        try
        {
            using var stream = new MemoryStream(proof);
            return await Verification.CheckAsync(stream, _trust, cancel);
        }
        catch (Exception e) when (e is InvalidProofException or FormatException or NotProvenException)
        {
            verification.Note($"{name} does not hold, or is not proven: {e.Message}");
            return null;
        }
    }

    private async Task KeepAsync(DemoJob job, byte[] proof, CancellationToken cancel)
    {
        ProofFile = await KeepAsync($"{job.Id}.erasure-proof", proof, cancel);
        await File.WriteAllTextAsync(KeyFile, $"{log}\n", cancel);
    }

    /// <returns>The file.</returns>
    private async Task<string> KeepAsync(string name, byte[] proof, CancellationToken cancel)
    {
        var file = Path.Combine(folder, name);
        await PrivateFile.WriteAsync(file, to => to.WriteAsync(proof, cancel).AsTask());
        return file;
    }
}
