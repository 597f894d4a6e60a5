using System.Collections.Concurrent;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Machine;
using Ledger.Notifications.Webhooks;

namespace Ledger.Notifications;

/// <summary>
/// Makes attempts. Each is counted before anything is sent, and recorded after it. No transaction is open while a mail server takes its
/// time. Whoever dies in between has perhaps sent: it goes out again, under the same message id.
/// </summary>
public sealed class Courier(
    Deliveries deliveries, NotificationOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Courier> log)
{
    /// <summary>So many attempts of one kind are under way at once.</summary>
    internal const int PlacesInAll = 16;

    /// <summary>What is under way when the service stops may take so long to come to its end.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    /// <summary>For another node to send what this one cannot.</summary>
    private static readonly TimeSpan s_untilAnotherNode = TimeSpan.FromMinutes(1);

    /// <summary>Somebody has asked for a new beginning while the attempt was under way.</summary>
    private static readonly TimeSpan s_atOnce = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_longestQueue = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, bool> _underWay = new();
    private readonly ConcurrentDictionary<NotificationKind, HostPlaces> _places = new();

    /// <summary>One attempt, unless there is nothing to send, or no place to send it from now.</summary>
    /// <param name="sender">Of the delivery's kind.</param>
    /// <param name="delivery">Its id.</param>
    /// <param name="message">The message that asks for it; null: nobody does.</param>
    public async Task<AttemptOutcome> AttemptAsync(INotificationSender sender, Guid delivery, HandledMessage? message)
    {
        if (!_underWay.TryAdd(delivery, true))
            return new AttemptOutcome.Taken();
        try
        {
            return await TryAsync(sender, delivery, message);
        }
        finally
        {
            _underWay.TryRemove(delivery, out _);
        }
    }

    /// <summary>Logs that an attempt could not be made or recorded.</summary>
    internal void Report(NotificationKind kind, Exception e) =>
        log.LogError("A {Kind} could not be worked on: {Error}. Again in a minute", Notification.Word(kind), Failure.Describe(e));

    private async Task<AttemptOutcome> TryAsync(INotificationSender sender, Guid delivery, HandledMessage? message)
    {
        var found = await deliveries.FindAsync(delivery, CancellationToken.None);
        // Its job was forgotten, it is sent already, or a newer message sends it.
        if (found is null or { IsSent: true } || (message is not null && found.Message is { } other && other != message.Id))
            return new AttemptOutcome.Done();
        if (found.IsGivenUp)
            return new AttemptOutcome.GivenUp();
        if (!sender.IsReady)
            return new AttemptOutcome.Again(s_untilAnotherNode);
        var places = _places.GetOrAdd(sender.Kind, _ => new HostPlaces(sender.AtOnce, PlacesInAll));
        using var place = places.Take(sender.HostOf(found.Notification));
        if (place is null)
            return new AttemptOutcome.Again(Queued(message?.Tries ?? 0, delivery));
        if (await deliveries.BeginAsync(found.Notification, sender.MessageIdParts, message, CancellationToken.None) is not { } begun)
            return new AttemptOutcome.Taken();
        FaultPoint.At("notification.before-send");
        // After the last there is a further one only where its result could not be recorded.
        var result = begun.Attempt > options.RetryDelays.Count + 1
            ? new SendResult.Failed("nobody knows what became of the last attempt", IsFinal: true)
            : await SendAsync(sender, begun);
        // A crash here sends it once more, under the same message id.
        FaultPoint.At("notification.after-send");
        return await RecordAsync(sender.Kind, begun, result);
    }

    private async Task<AttemptOutcome> RecordAsync(NotificationKind kind, Notification notification, SendResult result)
    {
        if (result is not SendResult.Failed failed)
        {
            await deliveries.SentAsync(notification.Id, CancellationToken.None);
            return new AttemptOutcome.Done();
        }
        var delay = failed.IsFinal ? null : RetrySchedule.DelayAfter(options.RetryDelays, notification.Attempt, notification.Id);
        if (delay is not null && failed.NotBefore > delay)
            delay = failed.NotBefore;
        log.LogWarning(
            "The {Kind} about job {Job} failed ({Attempt} of {Attempts}): {Problem}. {Next}", Notification.Word(kind), notification.Job,
            notification.Attempt, options.RetryDelays.Count + 1, failed.Problem,
            delay is { } wait ? $"Again in {wait.TotalSeconds:0} s" : "Given up: see `ledger messages --undelivered`");
        if (!await deliveries.FailedAsync(notification, failed.Problem, delay, CancellationToken.None))
            return new AttemptOutcome.Again(s_atOnce);
        return delay is { } next ? new AttemptOutcome.Again(next) : new AttemptOutcome.GivenUp();
    }

    /// <summary>
    /// One attempt with a deadline. Stopping the service does not cut it off at once: what was just handed over should be recorded as sent.
    /// </summary>
    private async Task<SendResult> SendAsync(INotificationSender sender, Notification notification)
    {
        using var deadline = new CancellationTokenSource(sender.Deadline, time);
        await using var stopping = lifetime.ApplicationStopping.Register(() => deadline.CancelAfter(s_grace));
        try
        {
            return await sender.SendAsync(notification, deadline.Token);
        }
        catch (Exception) when (deadline.IsCancellationRequested)
        {
            return new SendResult.Failed(lifetime.ApplicationStopping.IsCancellationRequested
                ? "the service was stopped before the other side had answered"
                : $"no answer within {sender.Deadline.TotalSeconds:0} s");
        }
        catch (Exception e)
        {
            // A bug, or something about this one: it is tried again like any other.
            return new SendResult.Failed($"it could not be sent ({Failure.Describe(e)})");
        }
    }

    /// <summary>How long to wait for a place: longer each time, so that many who wait cost little.</summary>
    private static TimeSpan Queued(int tries, Guid delivery)
    {
        var delay = TimeSpan.FromSeconds(2) * Math.Pow(1.5, Math.Min(tries, 9));
        return (delay < s_longestQueue ? delay : s_longestQueue) * RetrySchedule.Spread(tries, delivery);
    }
}
