using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Holds;
using Ledger.Notifications.Mail;
using Ledger.Notifications.Webhooks;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;

namespace Ledger.Notifications;

public enum NotificationKind
{
    Mail,
    Webhook,
}

/// <summary>The end of a legal hold, which a notification tells of.</summary>
/// <param name="Hold">The hold, which has ended.</param>
/// <param name="Jobs">The jobs that skipped conversations because of it, at most a thousand.</param>
/// <param name="JobCount">Number of all these jobs.</param>
public sealed record HoldNotice(LegalHold Hold, IReadOnlyList<HeldJob> Jobs, long JobCount);

/// <summary>The reason for a notification.</summary>
public enum NotificationTopic
{
    /// <summary>The job, or the legal hold, has ended.</summary>
    Ended,

    /// <summary>The case behind the job is due within some days, and the job has not ended.</summary>
    DueSoon,

    /// <summary>The day on which the case was due is over, and the job had not ended.</summary>
    Overdue,
}

/// <summary>The notification of a job's end, of its deadline, or of a legal hold's end, in one attempt.</summary>
/// <param name="Job">The job. It means nothing if there is a <paramref name="Hold"/>.</param>
/// <param name="Recipient">The recipient by the bot's settings as they are now. Null if there is none any more.</param>
/// <param name="MessageId">The message id, the same in every attempt.</param>
/// <param name="Attempt">The number of the attempt, from 1.</param>
/// <param name="Status">The job's status. Null if there is a <paramref name="Hold"/>.</param>
/// <param name="SealedSecret">The sealed secret that signs a webhook message.</param>
/// <param name="Hold">The legal hold that has ended. Null for a job.</param>
/// <param name="Topic">The reason for it.</param>
/// <param name="DueOn">The deadline as it is now. Null if the job has none.</param>
/// <param name="QueuedAt">The instant when it was queued.</param>
public sealed record Notification(
    Guid Id, JobId Job, string Bot, string? Recipient, string MessageId, int Attempt, JobStatus Status, byte[]? SealedSecret,
    HoldNotice? Hold = null, NotificationTopic Topic = NotificationTopic.Ended, DateOnly? DueOn = null, DateTimeOffset QueuedAt = default)
{
    /// <summary>The name of what it is about, for people.</summary>
    public string About => Hold is null ? $"job {Job}" : $"legal hold {Hold.Hold.HoldId}";

    /// <summary>The UUID namespace of notifications; a constant of the format.</summary>
    private static readonly Guid Namespace = new("7d3f8a52-52c8-5d0b-a8f6-1f4a4c0f9b6e");

    /// <summary>The one notification of a kind and topic about a job.</summary>
    public static Guid IdOf(JobId job, NotificationKind kind, NotificationTopic topic = NotificationTopic.Ended) =>
        IdOf(job.ToString(), kind, topic);

    /// <summary>The one notification of a kind and topic about a job or a legal hold.</summary>
    /// <param name="about">The id of the job or the hold.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="topic">The reason.</param>
    public static Guid IdOf(string about, NotificationKind kind, NotificationTopic topic = NotificationTopic.Ended) => NamedUuid.Create(
        Namespace, topic == NotificationTopic.Ended ? $"{Word(kind)}\n{about}" : $"{Word(kind)}\n{about}\n{Word(topic)}");

    /// <summary>The message that asks for an attempt.</summary>
    public static object MessageOf(NotificationKind kind, Guid delivery) =>
        kind == NotificationKind.Mail ? new SendMail(delivery) : new SendWebhook(delivery);

    /// <summary>The word for a kind, as the record has it.</summary>
    public static string Word(NotificationKind kind) => kind == NotificationKind.Mail ? "mail" : "webhook";

    /// <summary>The word for a topic, as the record has it.</summary>
    public static string Word(NotificationTopic topic) => topic switch
    {
        NotificationTopic.Ended => "ended",
        NotificationTopic.DueSoon => "due_soon",
        NotificationTopic.Overdue => "overdue",
        _ => throw new ArgumentOutOfRangeException(nameof(topic)),
    };

    /// <summary>The topic of a word of the record.</summary>
    public static NotificationTopic TopicOf(string word) => Enum.GetValues<NotificationTopic>().Single(topic => Word(topic) == word);

    /// <inheritdoc cref="Word(NotificationKind)"/>
    public static NotificationKind KindOf(string word) =>
        word == Word(NotificationKind.Mail) ? NotificationKind.Mail : NotificationKind.Webhook;

    /// <summary>The type's name without its members.</summary>
    public override string ToString() => nameof(Notification);
}

/// <summary>The result of one attempt.</summary>
public abstract record SendResult
{
    private SendResult() { }

    /// <summary>The mail server, the folder or the receiver has taken it.</summary>
    public sealed record Sent : SendResult;

    /// <param name="Problem">The problem in plain words, without identifiers and without anything that the other side wrote.</param>
    /// <param name="IsFinal">True if repeating it cannot help.</param>
    /// <param name="NotBefore">The time for which the other side asked to be left alone.</param>
    public sealed record Failed(string Problem, bool IsFinal = false, TimeSpan? NotBefore = null) : SendResult;
}

/// <summary>Hands one kind of notification over.</summary>
public interface INotificationSender
{
    NotificationKind Kind { get; }

    /// <summary>True if this node can send. If it cannot, another node may.</summary>
    bool IsReady { get; }

    /// <summary>Maximum number of attempts to one host at once.</summary>
    int AtOnce { get; }

    /// <summary>The text before and after the notification's id in its message id.</summary>
    (string Before, string After) MessageIdParts { get; }

    /// <summary>The longest time for an attempt.</summary>
    TimeSpan Deadline { get; }

    /// <summary>The host that the notification is handed to.</summary>
    string HostOf(Notification notification);

    /// <summary>Makes one attempt. It may arrive even if it is reported as failed. The message id shows the repetition.</summary>
    Task<SendResult> SendAsync(Notification notification, CancellationToken cancel);
}
