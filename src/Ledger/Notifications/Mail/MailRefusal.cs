using System.Text.RegularExpressions;
using MailKit.Net.Smtp;

namespace Ledger.Notifications.Mail;

/// <summary>What a mail server's refusal means, by its codes alone: its words may quote anything.</summary>
internal static partial class MailRefusal
{
    /// <param name="refusal">From MailKit: the code, and the reply's text as its message.</param>
    /// <param name="isConnected">Greeting and encryption had succeeded.</param>
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

    /// <summary><c>550 5.1.1</c>, or <c>550</c> where the server gives no enhanced code.</summary>
    public static string Codes(SmtpCommandException refusal) =>
        Enhanced(refusal) is { } enhanced ? $"{(int)refusal.StatusCode} {enhanced}" : $"{(int)refusal.StatusCode}";

    /// <summary>
    /// Whether it is the mailbox's own fault, so that repeating cannot help. All else may be the server's or the settings': a relay that is
    /// denied (5.7.1) or a full mailbox (5.2.2) is tried again. A code without an enhanced one is no mailbox's where the sender was named,
    /// and the recipient was not yet.
    /// </summary>
    private static bool IsTheMailboxs(SmtpErrorCode at, int code, string? enhanced) => code is >= 500 and < 600 && enhanced switch
    {
        null => code is 550 or 551 or 553 && at != SmtpErrorCode.SenderNotAccepted, // RFC 5321, section 4.2.3
        _ => enhanced is "5.1.1" or "5.1.2" or "5.1.3" or "5.1.6" or "5.2.1", // RFC 3463, sections 3.2 and 3.3
    };

    private static string? Enhanced(SmtpCommandException refusal) =>
        EnhancedCode().Match(refusal.Message) is { Success: true } match ? match.Value : null;

    /// <summary>RFC 2034, section 4: an enhanced code begins the text.</summary>
    [GeneratedRegex(@"^[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$)")]
    private static partial Regex EnhancedCode();
}
