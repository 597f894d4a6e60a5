using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Notifications.Mail;
using Ledger.Notifications.Webhooks;
using Ledger.Projections.Status;

namespace Ledger.Notifications;

public enum NotificationKind
{
    Mail,
    Webhook,
}

/// <summary>What is told of a job's end, in one attempt.</summary>
/// <param name="Recipient">Where the bot's settings say now that it goes; null: nowhere any more.</param>
/// <param name="MessageId">The same in every attempt.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="SealedSecret">What a webhook is signed with.</param>
public sealed record Notification(
    Guid Id, JobId Job, string Bot, string? Recipient, string MessageId, int Attempt, JobStatus Status, byte[]? SealedSecret)
{
    /// <summary>The UUID namespace of notifications; a constant of the format.</summary>
    private static readonly Guid Namespace = new("7d3f8a52-52c8-5d0b-a8f6-1f4a4c0f9b6e");

    /// <summary>The one notification of a kind about a job.</summary>
    public static Guid IdOf(JobId job, NotificationKind kind) => NamedUuid.Create(Namespace, $"{Word(kind)}\n{job}");

    /// <summary>The message that asks for an attempt.</summary>
    public static object MessageOf(NotificationKind kind, Guid delivery) =>
        kind == NotificationKind.Mail ? new SendMail(delivery) : new SendWebhook(delivery);

    /// <summary>As the record has it.</summary>
    public static string Word(NotificationKind kind) => kind == NotificationKind.Mail ? "mail" : "webhook";

    /// <inheritdoc cref="Word"/>
    public static NotificationKind KindOf(string word) =>
        word == Word(NotificationKind.Mail) ? NotificationKind.Mail : NotificationKind.Webhook;

    /// <summary>Without the members.</summary>
    public override string ToString() => nameof(Notification);
}

/// <summary>What became of one attempt.</summary>
public abstract record SendResult
{
    private SendResult() { }

    /// <summary>The mail server, the folder or the receiver has taken it.</summary>
    public sealed record Sent : SendResult;

    /// <param name="Problem">In plain words, without identifiers and without anything that the other side wrote.</param>
    /// <param name="IsFinal">Repeating it cannot help.</param>
    /// <param name="NotBefore">The other side asked to be left alone for so long.</param>
    public sealed record Failed(string Problem, bool IsFinal = false, TimeSpan? NotBefore = null) : SendResult;
}

/// <summary>Hands one kind of notification over.</summary>
public interface INotificationSender
{
    NotificationKind Kind { get; }

    /// <summary>Whether this node can send. What it cannot, another may.</summary>
    bool IsReady { get; }

    /// <summary>So many attempts may be under way at once to one host.</summary>
    int AtOnce { get; }

    /// <summary>What stands before and after the notification's id in its message id.</summary>
    (string Before, string After) MessageIdParts { get; }

    /// <summary>How long an attempt may take.</summary>
    TimeSpan Deadline { get; }

    /// <summary>Which host is asked to take it.</summary>
    string HostOf(Notification notification);

    /// <summary>One attempt. It may come through although it is reported as failed: the message id tells the repetition.</summary>
    Task<SendResult> SendAsync(Notification notification, CancellationToken cancel);
}
