using System.ComponentModel;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ledger.Machine;

/// <summary>Tells which part of a TLS handshake failed. The text holds nothing that the other side sent.</summary>
internal static class TlsFailure
{
    private const X509ChainStatusFlags Unsigned =
        X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.NotSignatureValid;

    /// <summary>
    /// OpenSSL's reasons for "no version or cipher in common". Those from 1000 are alerts of the other side (RFC 8446, section 6).
    /// </summary>
    private static readonly int[] s_nothingInCommon = [1040, 1070, 1071, 191, 193, 258, 396];

    /// <summary>OpenSSL's reasons for "this is not TLS".</summary>
    private static readonly int[] s_noTls = [156, 198, 252, 267, 313];

    /// <summary>SChannel's SEC_E_ALGORITHM_MISMATCH and SEC_E_UNSUPPORTED_FUNCTION.</summary>
    private static readonly int[] s_nothingInCommonOnWindows = [unchecked((int)0x80090331), unchecked((int)0x80090302)];

    /// <summary>A <see cref="RemoteCertificateValidationCallback"/> that accepts what the system accepts. If it refuses, it says
    /// why.</summary>
    /// <exception cref="CertificateRefusedException">The certificate is refused.</exception>
    public static bool Check(object? sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None ? true : throw new CertificateRefusedException(Problem(chain, errors));

    /// <summary>Describes the failure in plain words.</summary>
    /// <param name="who">The other side, such as "the mail server".</param>
    /// <param name="e">The exception of the handshake, or one that wraps it.</param>
    public static string Describe(string who, Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case CertificateRefusedException refused:
                    return $"{who}'s certificate {refused.Problem}";
                case CryptographicException openSsl when s_nothingInCommon.Contains(openSsl.HResult & 0xFFF):
                case Win32Exception windows when s_nothingInCommonOnWindows.Contains(windows.NativeErrorCode):
                    return $"{who} and this system have no TLS version or cipher in common";
                case CryptographicException openSsl when s_noTls.Contains(openSsl.HResult & 0xFFF):
                case AuthenticationException { InnerException: null }: // .NET's own: what came is no frame of TLS
                    return $"{who} does not speak TLS there";
                case IOException or SocketException:
                    return $"{who} broke the TLS handshake off";
            }
        }
        return $"the TLS handshake with {who} failed";
    }

    private static string Problem(X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return "is missing";
        var flags = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        var problems = new List<string>();
        if ((flags & Unsigned) != X509ChainStatusFlags.NoError)
            problems.Add("is signed by no authority that this system trusts");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            problems.Add("is for another host name");
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
            problems.Add(IsTooEarly(chain!) ? "is not valid yet" : "has expired");
        if (flags.HasFlag(X509ChainStatusFlags.Revoked))
            problems.Add("was revoked");
        var others = flags & ~(Unsigned | X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.Revoked);
        if (others != X509ChainStatusFlags.NoError)
            problems.Add($"is not fit ({others})");
        return problems.Count == 0 ? "is not valid" : string.Join(" and ", problems);
    }

    private static bool IsTooEarly(X509Chain chain) =>
        chain.ChainElements.Any(element => element.Certificate.NotBefore > chain.ChainPolicy.VerificationTime);
}

/// <summary>The other side's certificate is refused.</summary>
/// <param name="problem">The problem, as it follows after the words "the certificate".</param>
internal sealed class CertificateRefusedException(string problem) : AuthenticationException($"the certificate {problem}")
{
    public string Problem => problem;
}
