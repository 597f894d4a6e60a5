using System.Reflection;
using Ledger.Api.Reference;
using Ledger.Certificates;
using Ledger.Contracts;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Log;
using Ledger.Proofs;
using Ledger.Web;
using Ledger.Web.Tokens;
using Npgsql;

namespace Ledger.Api;

/// <summary><c>GET …/{jobId}/certificate</c>: the certificate of erasure as HTML, JSON or PDF (contract §6).</summary>
internal static class CertificateEndpoint
{
    private const string Styles = "certificate.css";
    private const string HtmlType = "text/html", JsonType = "application/json", PdfType = "application/pdf";

    internal static readonly ErrorAnswer NotAcceptable = new(
        406, $"the certificate is {HtmlType}, {JsonType} or {PdfType}: name one of them in Accept");
    internal static readonly ErrorAnswer NoChromium = new(
        406,
        $"this server cannot print PDF, because it has no Chromium ({PdfPrinter.Variable} may name one): ask for {HtmlType} and print "
        + $"that page, or for {JsonType}"
    );

    internal static readonly ErrorAnswer NotPrinted = new(
        503, $"the PDF could not be printed: repeat the request later, or ask for {HtmlType} and print that page", retryAfter: 5);

    private static readonly string Tool =
        $"Deletion ledger "
        + $"{Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";

    public static void Map(RouteGroupBuilder deletions) => deletions.MapGet("/{jobId}/certificate", CertificateAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(Scope.DeleteConversations, Scope.ErasureProofs))
        .WithName("getErasureCertificate")
        .Describe(CertificateOperations.Certificate);

    private static async Task<IResult> CertificateAsync(
        HttpContext context, RateLimits limits, JobReader jobs, NpgsqlDataSource database, PublishedLog log, JobRecordReader records,
        Html html, PdfPrinter printer, HttpOptions options, TimeProvider time, ILogger<PdfPrinter> logger)
    {
        var (job, refusal) = await ProofAccess.AllowAsync(context, limits, jobs);
        if (refusal is not null)
            return refusal;
        var query = new QueryParameters(context.Request, "format", "paper");
        var (format, paper) = (query.OneOf("format", "html", "json", "pdf"), query.OneOf("paper", "a4", "letter") ?? "a4");
        if (query.Problems.Count > 0)
            return query.Refusal();
        (var type, refusal) = Choose(context.Request, format, printer.IsAvailable);
        if (type is null)
            return refusal!;
        (var provable, refusal) = await ProofAccess.ProvableAsync(database, log, job, context.RequestAborted);
        if (provable is null)
            return refusal!;
        var certificate = await IssueAsync(context, provable, log, records, options, time);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Vary = "Accept";
        return type switch
        {
            JsonType => TypedResults.Bytes(CertificateJson.Write(certificate), JsonType),
            PdfType => await PrintAsync(context, certificate, paper, html, printer, logger),
            _ => await PageAsync(context, certificate, paper, html),
        };
    }

    private static (string? Type, ErrorAnswer? Refusal) Choose(HttpRequest request, string? format, bool canPrint)
    {
        var wanted = format switch
        {
            "html" => HtmlType,
            "json" => JsonType,
            "pdf" => PdfType,
            _ => Accepted.Of(request, canPrint ? [HtmlType, JsonType, PdfType] : [HtmlType, JsonType]),
        };
        if (wanted == PdfType && !canPrint)
            return (null, NoChromium);
        return wanted is not null ? (wanted, null) : (null, Accepted.Of(request, PdfType) is null ? NotAcceptable : NoChromium);
    }

    private static async Task<Certificate> IssueAsync(
        HttpContext context, ProvableJob job, PublishedLog log, JobRecordReader records, HttpOptions options, TimeProvider time)
    {
        var request = context.Request;
        var publicUrl = options.PublicUrl ?? new Uri($"{request.Scheme}://{request.Host.ToUriComponent()}");
        var proof = PublicAddress.ProofCall(publicUrl, Caller.Of(context).Bot.BotId, job.Id);
        return CertificateIssue.Of(
            await records.ReadAsync(job, context.RequestAborted), log.KeyOf(job.Checkpoint.Origin), proof,
            PublicAddress.VerifyPage(publicUrl), Tool, Instant.Truncate(time.GetUtcNow()));
    }

    private static async Task<IResult> PageAsync(HttpContext context, Certificate certificate, string paper, Html html)
    {
        var document = CertificateDocument.Of(certificate, paper, Assets.Text(Styles));
        var page = await html.PageAsync<CertificatePage>(context, document.Parameters);
        // Its style sheet is within it, so that a saved page stays whole: this one alone is allowed.
        context.Response.Headers.ContentSecurityPolicy =
            document.ContentSecurityPolicy + "; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
        return page;
    }

    private static async Task<IResult> PrintAsync(
        HttpContext context, Certificate certificate, string paper, Html html, PdfPrinter printer, ILogger<PdfPrinter> logger)
    {
        try
        {
            var pdf = await printer.PrintAsync(
                await html.RenderAsync<CertificatePage>(CertificateDocument.Of(certificate, paper, Assets.Text(Styles)).Parameters),
                context.RequestAborted);
            context.Response.Headers.ContentDisposition = $"inline; filename=\"{certificate.Job}.certificate.pdf\"";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return TypedResults.Bytes(pdf, PdfType);
        }
        catch (PdfException e)
        {
            logger.LogError("a certificate could not be printed: {Cause}", e.Message);
            return NotPrinted;
        }
    }
}
