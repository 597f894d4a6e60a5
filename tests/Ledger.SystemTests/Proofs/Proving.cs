using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Keys;

namespace Ledger.SystemTests.Proofs;

/// <summary>Fetches proofs over HTTP, and checks them as a regulator does: by the public key alone.</summary>
internal static class Proving
{
    /// <summary>The log's public key.</summary>
    public static NoteVerifier LogKey(this TestService service) => LogKeyFile.Read(service.KeyDirectory).Verifier;

    public static Task<HttpResponseMessage> AskForProofAsync(
        this TestService service, string job, string query = "",
        string? token = null) => service.SendAsync(HttpMethod.Get, $"{service.Deletions}/{job}/proof{query}", token: token);

    public static Task<HttpResponseMessage> AskForProofOfAsync(
        this TestService service, string job, string conversation,
        string? token = null
    ) => service.SendAsync(HttpMethod.Post, $"{service.Deletions}/{job}/proof", new { conversationId = conversation }, token);

    public static async Task<byte[]> JobProofAsync(this TestService service, string job, string query = "")
    {
        using var response = await service.AskForProofAsync(job, query);
        return await ProofIn(response);
    }

    public static async Task<byte[]> ConversationProofAsync(this TestService service, string job, string conversation)
    {
        using var response = await service.AskForProofOfAsync(job, conversation);
        return await ProofIn(response);
    }

    /// <exception cref="InvalidProofException">It does not hold.</exception>
    public static async Task<JobReport> CheckJobAsync(this TestService service, byte[] proof) => (JobReport)await service.CheckAsync(proof);

    /// <exception cref="InvalidProofException">It does not hold.</exception>
    public static async Task<ConversationReport> CheckConversationAsync(this TestService service, byte[] proof) =>
        (ConversationReport)await service.CheckAsync(proof);

    private static async Task<ErasureReport> CheckAsync(this TestService service, byte[] proof)
    {
        using var stream = new MemoryStream(proof);
        return await Verification.CheckAsync(stream, new Trust(service.LogKey(), []));
    }

    private static async Task<byte[]> ProofIn(HttpResponseMessage response)
    {
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadAsByteArrayAsync();
    }
}
