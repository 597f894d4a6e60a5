using Ledger.Contracts.Jobs;

namespace Ledger.Http;

/// <summary>Addresses of the console's pages, for people outside of it: in mail, in webhooks, on paper. Whoever follows one signs in first.</summary>
internal static class PublicAddress
{
    /// <summary>The page of a job.</summary>
    /// <param name="publicUrl"><see cref="HttpOptions.PublicUrl"/>; null: the path alone is given.</param>
    public static string Job(Uri? publicUrl, string botId, JobId job) => $"{publicUrl?.AbsoluteUri.TrimEnd('/')}/jobs/{Uri.EscapeDataString(botId)}/{job}";

    /// <summary>The page of a job's certificate of erasure.</summary>
    /// <inheritdoc cref="Job"/>
    public static string Certificate(Uri? publicUrl, string botId, JobId job) => $"{Job(publicUrl, botId, job)}/certificate";
}
