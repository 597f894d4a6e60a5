using System.Net.Mail;
using Ledger.Notifications.Mail;

namespace Ledger.Notifications;

/// <summary>Settings for telling people and programs that a job or a legal hold has ended.</summary>
public sealed record NotificationOptions
{
    /// <summary>The server that mail is handed to.</summary>
    public SmtpServer? Smtp { get; init; }

    /// <summary>
    /// The folder for mail as <c>.eml</c> files, used if there is no <see cref="Smtp"/>. With neither, another node sends the mail.
    /// </summary>
    public string? MailFolder { get; init; }

    /// <summary>The sender, with its address in ASCII. The address's host ends the Message-IDs.</summary>
    public MailAddress From { get; init; } = new("deletion-ledger@localhost", "Deletion ledger");

    /// <summary>The service's address as its users know it, for links. Null if it is not known.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>The longest time for one mail, from connecting to the server's last answer.</summary>
    public TimeSpan MailDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest time for a webhook's receiver to answer (Standard Webhooks, "Request timeouts": 15 to 30 s).</summary>
    public TimeSpan WebhookDeadline { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The waits before failed notifications are tried again.</summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; init; } = RetrySchedule.Delays;

    public bool SendsMail => Smtp is not null || MailFolder is not null;
}
