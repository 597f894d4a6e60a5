using System.Text.RegularExpressions;
using MailKit.Net.Smtp;

namespace Ledger.Notifications.Mail;

/// <summary>The meaning of a mail server's refusal, by its codes alone, because its words may quote anything.</summary>
internal static partial class MailRefusal
{
    /// <param name="refusal">The refusal from MailKit: the code, and the reply's text as its message.</param>
    /// <param name="isConnected">True if greeting and encryption had succeeded.</param>
    public static SendResult.Failed Of(SmtpCommandException refusal, bool isConnected)
    {
        var code = (int)refusal.StatusCode;
        if (refusal.ErrorCode == SmtpErrorCode.SenderNotAccepted && code is 530 or 538)
            return NotAuthenticated(code);
        var problem = refusal.ErrorCode switch
        {
            _ when !isConnected => "the mail server takes no mail at the moment",
            SmtpErrorCode.SenderNotAccepted => "the mail server refused the sender",
            SmtpErrorCode.RecipientNotAccepted when code >= 500 => "the mail server refused the recipient",
            SmtpErrorCode.RecipientNotAccepted => "the mail server does not take mail for the recipient at the moment",
            _ => "the mail server did not take the mail",
        };
        var isFinal = isConnected && IsTheMailboxs(refusal.ErrorCode, code, Enhanced(refusal));
        return new SendResult.Failed($"{problem} ({Codes(refusal)})", isFinal);
    }

    public static SendResult.Failed NotAuthenticated(int code) => new($"the mail server wants a user and password, or STARTTLS ({code})");

    /// <summary>The codes: <c>550 5.1.1</c>, or <c>550</c> if the server gives no enhanced code.</summary>
    public static string Codes(SmtpCommandException refusal) =>
        Enhanced(refusal) is { } enhanced ? $"{(int)refusal.StatusCode} {enhanced}" : $"{(int)refusal.StatusCode}";

    /// <summary>
    /// True if it is the mailbox's own fault, so that repeating cannot help. Any other refusal may be the server's or the settings' fault.
    /// For example, a relay that is denied (5.7.1) or a full mailbox (5.2.2) is tried again. A code without an enhanced one is not the
    /// mailbox's fault if the server refused the sender, because the recipient was not named yet.
    /// </summary>
    private static bool IsTheMailboxs(SmtpErrorCode at, int code, string? enhanced) => code is >= 500 and < 600 && enhanced switch
    {
        null => code is 550 or 551 or 553 && at != SmtpErrorCode.SenderNotAccepted, // RFC 5321, section 4.2.3
        _ => enhanced is "5.1.1" or "5.1.2" or "5.1.3" or "5.1.6" or "5.2.1", // RFC 3463, sections 3.2 and 3.3
    };

    private static string? Enhanced(SmtpCommandException refusal) =>
        EnhancedCode().Match(refusal.Message) is { Success: true } match ? match.Value : null;

    /// <summary>The pattern of an enhanced code, which begins the text (RFC 2034, section 4).</summary>
    [GeneratedRegex(@"^[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$)")]
    private static partial Regex EnhancedCode();
}
