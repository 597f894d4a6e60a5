using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;

namespace Ledger.Jobs;

/// <summary>
/// Addresses of the service for links that leave it: in mail, in webhooks, on paper. If the service does not know its address (null), they
/// are paths.
/// </summary>
internal static class PublicAddress
{
    /// <summary>The console's page of a job. Whoever follows the link signs in first.</summary>
    public static string Job(Uri? publicUrl, string botId, JobId job) => $"{Base(publicUrl)}/jobs/{Uri.EscapeDataString(botId)}/{job}";

    /// <summary>The console's page of a job's certificate of erasure.</summary>
    public static string Certificate(Uri? publicUrl, string botId, JobId job) => $"{Job(publicUrl, botId, job)}/certificate";

    /// <summary>The API's call for the certificate (contract §6), for programs.</summary>
    public static string CertificateCall(Uri? publicUrl, string botId, JobId job) => $"{Base(publicUrl)}{Status(botId, job)}/certificate";

    /// <summary>The API's call for the job's erasure proof (contract §6).</summary>
    public static string ProofCall(Uri? publicUrl, string botId, JobId job) => $"{Base(publicUrl)}{Status(botId, job)}/proof";

    /// <summary>The page that checks proofs in the browser, for everybody.</summary>
    public static string VerifyPage(Uri? publicUrl) => $"{Base(publicUrl)}/verify";

    /// <summary>The path of the API's status call.</summary>
    public static string Status(string botId, JobId job) => $"/api/public/bot/{Uri.EscapeDataString(botId)}/conversations/delete/{job}";

    /// <summary>The path of the API's call for a legal hold.</summary>
    public static string Hold(string botId, HoldId hold) => $"/api/public/bot/{Uri.EscapeDataString(botId)}/legal-holds/{hold}";

    /// <summary>The API's call for a legal hold, for programs.</summary>
    public static string HoldCall(Uri? publicUrl, string botId, HoldId hold) => $"{Base(publicUrl)}{Hold(botId, hold)}";

    private static string? Base(Uri? publicUrl) => publicUrl?.AbsoluteUri.TrimEnd('/');
}
