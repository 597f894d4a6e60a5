using System.Globalization;
using System.Net.Mail;
using System.Text;
using System.Text.Encodings.Web;
using MimeKit;
using MimeKit.Text;

namespace Ledger.Notifications.Mail;

/// <summary>
/// The mail about the end of a job or of a legal hold, or about a deadline, as plain text and as HTML. It is the same in every attempt,
/// except for its date.
/// </summary>
internal static class CompletionMail
{
    /// <summary>Maximum number of characters of a line (RFC 5322, section 2.1.1).</summary>
    private const int LongestLine = 998;

    private const string Footer =
        "Sent by the deletion ledger, because your address is the bot owner's. Answers to this mail are not read.";

    /// <summary>The format of the sent bytes: only ASCII, in lines that end with CR LF.</summary>
    public static FormatOptions Format { get; } = new() { NewLineFormat = NewLineFormat.Dos, International = false };

    /// <summary>The whole message. Every byte of it is ASCII.</summary>
    /// <param name="to">The recipient's address, ASCII.</param>
    public static MimeMessage Create(Notification notification, MailAddress from, string to, Uri? publicUrl, DateTimeOffset now)
    {
        var report = notification.Hold is { } hold ? HoldReport.Of(notification.Bot, hold)
            : notification.Topic == NotificationTopic.Ended ? CompletionReport.Of(notification, publicUrl)
            : DeadlineReport.Of(notification, publicUrl);
        var mail = new MimeMessage
        {
            From = { new MailboxAddress(from.DisplayName, from.Address) },
            To = { new MailboxAddress("", to) },
            Subject = report.Subject,
            Date = now.ToUniversalTime(),
            Body = new MultipartAlternative
            {
                // RFC 2046, section 5.1.4: the plainest first.
                new TextPart(TextFormat.Plain) { Text = Text(report) },
                new TextPart(TextFormat.Html) { Text = Html(report) },
            },
        };
        mail.Headers.Replace(HeaderId.MessageId, notification.MessageId);
        mail.Headers.Replace(HeaderId.AutoSubmitted, "auto-generated"); // RFC 3834, section 5: nobody's absence note answers it
        mail.Body.ContentType.Boundary = $"=_{notification.Id:N}"; // RFC 2045, section 6.7's hint: it occurs in no encoded part
        mail.Prepare(EncodingConstraint.SevenBit, LongestLine);
        return mail;
    }

    internal static string Text(CompletionReport report)
    {
        var text = new StringBuilder($"{report.Summary}\n");
        foreach (var table in report.Tables)
        {
            var width = table.Rows.Max(row => row.Label.Length) + 2;
            text.Append(CultureInfo.InvariantCulture, $"\n{table.Title}\n");
            foreach (var (label, value) in table.Rows)
                text.Append(CultureInfo.InvariantCulture, $"  {$"{label}:".PadRight(width)}{value}\n");
        }
        if (report.Certificate is not null)
            text.Append(CultureInfo.InvariantCulture, $"\n{report.AddressTitle} ({WhereOf(report)}):\n{report.Certificate}\n");
        return text.Append(CultureInfo.InvariantCulture, $"\n{Footer}\n").ToString();
    }

    /// <summary>The mail as HTML. It is XHTML too, with every element closed, so that any parser can check it.</summary>
    internal static string Html(CompletionReport report)
    {
        var html = new StringBuilder(
            $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <title>{Encode(report.Subject)}</title>
            </head>
            <body style="font-family: sans-serif; line-height: 1.4; max-width: 42em; overflow-wrap: anywhere">
            <h1 style="font-size: 1.3em">{Encode(report.Subject)}</h1>
            <p>{Encode(report.Summary)}</p>

            """);
        foreach (var table in report.Tables)
            html.Append(Html(table));
        if (report.Certificate is not null)
            html.Append(CultureInfo.InvariantCulture, $"<p>{Link(report, Encode(report.Certificate))}</p>\n");
        return html.Append(CultureInfo.InvariantCulture, $"<p>{Footer}</p>\n</body>\n</html>\n").ToString();
    }

    private static string Link(CompletionReport report, string certificate) => report.IsLink
        ? $"<a href=\"{certificate}\">{report.AddressTitle}</a> ({WhereOf(report)})"
        : $"{report.AddressTitle} ({WhereOf(report)}): {certificate}";

    private static string Html(ReportTable table)
    {
        const string Caption = "text-align: left; font-weight: bold; padding-top: 1em";
        const string Label = "text-align: left; vertical-align: top; font-weight: normal; min-width: 6em; padding-right: 1.5em";
        var rows = table.Rows.Select(row =>
            $"<tr><th scope=\"row\" style=\"{Label}\">{Encode(row.Label)}</th><td>{Encode(row.Value)}</td></tr>\n"
        );
        return $"<table>\n<caption style=\"{Caption}\">{Encode(table.Title)}</caption>\n<tbody>\n{string.Concat(rows)}</tbody>\n</table>\n";
    }

    private static string WhereOf(CompletionReport report) =>
        report.IsLink ? "you will be asked to sign in" : "the path on the service, which asks you to sign in";

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);
}
