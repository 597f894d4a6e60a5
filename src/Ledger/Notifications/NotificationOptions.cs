using System.Net.Mail;
using Ledger.Notifications.Mail;

namespace Ledger.Notifications;

/// <summary>How a node tells people and programs that a job has ended.</summary>
public sealed record NotificationOptions
{
    /// <summary>The server that mail is handed to.</summary>
    public SmtpServer? Smtp { get; init; }

    /// <summary>
    /// Where mail is written as <c>.eml</c> files while there is no <see cref="Smtp"/>. With neither, another node sends it.
    /// </summary>
    public string? MailFolder { get; init; }

    /// <summary>The sender, its address in ASCII. Its host ends the Message-IDs.</summary>
    public MailAddress From { get; init; } = new("deletion-ledger@localhost", "Deletion ledger");

    /// <summary>The service's address as its users know it, for links; null: not known.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>How long one mail may take, from connecting to the server's last answer.</summary>
    public TimeSpan MailDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a webhook's receiver may take to answer (Standard Webhooks, "Request timeouts": 15 to 30 s).</summary>
    public TimeSpan WebhookDeadline { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>When what failed is tried again.</summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; init; } = RetrySchedule.Delays;

    public bool SendsMail => Smtp is not null || MailFolder is not null;
}
