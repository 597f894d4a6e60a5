using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text;

namespace Ledger.Registry;

/// <summary>
/// Addresses that mail without SMTPUTF8 can reach (RFC 5321, sections 4.1.2 and 4.5.3.1). This one rule holds for recorded addresses and
/// for sending.
/// </summary>
public static class SmtpAddress
{
    private const int LongestAddress = 254; // a path has 256 octets, with its angle brackets
    private const int LongestLocalPart = 64;
    private const int LongestLabel = 63;

    private static readonly IdnMapping s_idn = new() { UseStd3AsciiRules = true };

    /// <summary>
    /// Reads an address, alone or as <c>Name &lt;address&gt;</c>, in the form that SMTP carries. A domain in other letters gets its ASCII
    /// name (RFC 5890).
    /// </summary>
    /// <returns>The address, or the reason in plain words that there is none. The words do not quote it.</returns>
    public static (string? Address, string? Problem) Read(string text)
    {
        if (text.Any(char.IsControl) || !MailAddress.TryCreate(text, out var parsed))
            return (null, "it must be like owner@example.com");
        if (LocalPartProblem(parsed.User) is { } problem)
            return (null, problem);
        if (Domain(parsed.Host) is not { } domain)
            return (null, $"the domain must be like example.com, with at most {LongestLabel} characters between two dots");
        var address = $"{parsed.User}@{domain}";
        return address.Length <= LongestAddress ? (address, null) : (null, $"it has more than {LongestAddress} characters");
    }

    private static string? LocalPartProblem(string local)
    {
        if (!Ascii.IsValid(local))
            return "other letters than ASCII before the @ are not supported (SMTPUTF8)";
        if (!local.Split('.').All(atom => atom.Length > 0 && atom.All(IsOfAnAtom)))
            return "before the @ there can be letters, digits, !#$%&'*+-/=?^_`{|}~ and single dots between them, without quotes";
        return local.Length <= LongestLocalPart ? null : $"there are more than {LongestLocalPart} characters before the @";
    }

    /// <summary>RFC 5322, section 3.2.3: atext.</summary>
    private static bool IsOfAnAtom(char character) => char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-/=?^_`{|}~".Contains(character);

    /// <summary>The domain in ASCII. Null if it is not a domain.</summary>
    private static string? Domain(string host)
    {
        if (host is ['[', .. var literal, ']'])
            return IsAddressLiteral(literal) ? host : null;
        try
        {
            var domain = Ascii.IsValid(host) ? host : s_idn.GetAscii(host.ToLowerInvariant());
            var labels = domain.Split('.');
            return labels.All(IsLabel) && !labels[^1].All(char.IsAsciiDigit) ? domain : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>RFC 5321, section 4.1.2: letters, digits and hyphens, and no hyphen at an end.</summary>
    private static bool IsLabel(string label) => label.Length is > 0 and <= LongestLabel && label[0] != '-' && label[^1] != '-'
        && label.All(character => char.IsAsciiLetterOrDigit(character) || character == '-');

    /// <summary>RFC 5321, section 4.1.3.</summary>
    private static bool IsAddressLiteral(string literal) => literal.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase)
        ? IPAddress.TryParse(literal["IPv6:".Length..], out var six)
            && six.AddressFamily == AddressFamily.InterNetworkV6 && six.ScopeId == 0
        : literal.Count(character => character == '.') == 3 && IPAddress.TryParse(literal, out var four)
            && four.AddressFamily == AddressFamily.InterNetwork;
}
