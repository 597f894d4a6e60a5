using System.CommandLine;
using System.Net.Mail;
using Ledger.Notifications;
using Ledger.Notifications.Mail;
using Ledger.Registry;

namespace Ledger.Cli.Run;

/// <summary>The options of <c>ledger serve</c> that say where mail goes.</summary>
internal sealed class MailSettings
{
    public const string SmtpVariable = "LEDGER_SMTP";
    public const string FromVariable = "LEDGER_MAIL_FROM";

    private readonly Option<string?> _smtp = new("--smtp")
    {
        Description = "The mail server, smtp://user:password@host:587 (STARTTLS is required, except on this machine or with"
            + " ?starttls=never) or smtps://user:password@host:465. This system, or the file that SSL_CERT_FILE names,"
            + $" must trust its certificate. Better in {SmtpVariable}, which other users cannot see.",
        HelpName = "URL",
    };

    private readonly Option<string?> _from = new("--mail-from")
    {
        Description = $"The sender of mail, with --smtp (or {FromVariable}).",
        HelpName = "MAIL",
    };

    private readonly Option<string?> _folder = new("--mail-dir")
    {
        Description = "Write mail to this folder as .eml files instead. [default, with --embedded: outbox in the data folder]",
        HelpName = "DIR",
    };

    public static MailSettings AddTo(Verb verb)
    {
        var settings = new MailSettings();
        foreach (var option in new Option[] { settings._smtp, settings._from, settings._folder })
            verb.Add(option);
        return settings;
    }

    /// <exception cref="CommandException">One is malformed, or they contradict each other.</exception>
    public NotificationOptions Read(ParseResult parsed)
    {
        var smtp = OptionValues.OrVariable(parsed.GetValue(_smtp), SmtpVariable);
        var folder = parsed.GetValue(_folder);
        if (parsed.GetValue(_smtp) is not null && folder is not null)
            throw CommandException.Usage("--smtp and --mail-dir are two ways of mail: leave one out");
        var options = new NotificationOptions
        {
            Smtp = smtp is null || folder is not null ? null : Server(smtp),
            MailFolder = folder is null ? null : Path.GetFullPath(folder),
        };
        if (OptionValues.OrVariable(parsed.GetValue(_from), FromVariable) is { } from)
            return options with { From = Sender(from) };
        return options.Smtp is null
            ? options
            : throw CommandException.Usage($"mail needs a sender: --mail-from ledger@example.com (or {FromVariable})");
    }

    /// <summary>With a data folder and nothing else named, mail goes to the folder <c>outbox</c> in it.</summary>
    public static NotificationOptions WithFolder(NotificationOptions options, string? dataFolder) =>
        options.SendsMail || dataFolder is null
            ? options
            : options with { MailFolder = Path.Combine(Path.GetFullPath(dataFolder), "outbox") };

    private static SmtpServer Server(string text)
    {
        try
        {
            return SmtpServer.Parse(text);
        }
        catch (FormatException e)
        {
            throw CommandException.Usage($"the mail server cannot be read (--smtp or {SmtpVariable}): {e.Message}");
        }
    }

    private static MailAddress Sender(string text)
    {
        var (address, problem) = SmtpAddress.Read(text);
        return address is not null
            ? new MailAddress(address, new MailAddress(text).DisplayName)
            : throw CommandException.Usage(
                $"the sender cannot be used (--mail-from or {FromVariable}): {problem}. It must be like ledger@example.com or"
                + " 'Deletion ledger <ledger@example.com>'");
    }
}
