using System.Security.Cryptography;
using System.Text;

namespace Ledger.Certificates;

/// <summary>The page that is served, saved and printed: all that it needs is within it.</summary>
/// <param name="Parameters">Of <see cref="CertificatePage"/>.</param>
/// <param name="ContentSecurityPolicy">Allows the one style sheet and pictures within the page, and no other thing.</param>
internal sealed record CertificateDocument(IReadOnlyDictionary<string, object?> Parameters, string ContentSecurityPolicy)
{
    /// <param name="certificate">The certificate to show.</param>
    /// <param name="paper">The paper size: <c>a4</c> or <c>letter</c>.</param>
    /// <param name="styles">The style sheet.</param>
    public static CertificateDocument Of(Certificate certificate, string paper, string styles)
    {
        // A job id is of hex digits and hyphens: nothing in it ends a CSS string.
        var css = $"{styles}@page {{ size: {paper}; @bottom-left {{ content: \"Certificate of erasure {certificate.Job}\"; }} }}\n";
        var policy =
            $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(css)))}'; img-src data:";
        return new CertificateDocument(
            new Dictionary<string, object?>
            {
                [nameof(CertificatePage.Certificate)] = certificate,
                [nameof(CertificatePage.Css)] = css,
                [nameof(CertificatePage.Policy)] = policy,
            },
            policy
        );
    }
}
