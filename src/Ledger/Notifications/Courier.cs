using System.Collections.Concurrent;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Machine;
using Ledger.Notifications.Webhooks;

namespace Ledger.Notifications;

/// <summary>
/// Makes attempts. Each attempt is counted before anything is sent, and its result is recorded after it. No transaction is open while a
/// mail server is at work. A node that dies in between may have sent the message. It is then sent again, under the same message id.
/// </summary>
public sealed class Courier(
    Deliveries deliveries, NotificationOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Courier> log)
{
    /// <summary>Maximum number of attempts of one kind at once.</summary>
    internal const int PlacesInAll = 16;

    /// <summary>The time that running attempts have to end when the service stops.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    /// <summary>The wait before the next attempt if this node cannot send, so that another node can.</summary>
    private static readonly TimeSpan s_untilAnotherNode = TimeSpan.FromMinutes(1);

    /// <summary>The wait if somebody asked for a new beginning during the attempt.</summary>
    private static readonly TimeSpan s_atOnce = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_longestQueue = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, bool> _underWay = new();
    private readonly ConcurrentDictionary<NotificationKind, HostPlaces> _places = new();

    /// <summary>Makes one attempt, unless there is nothing to send, or no free place now.</summary>
    /// <param name="sender">The sender for the delivery's kind.</param>
    /// <param name="delivery">The delivery's id.</param>
    /// <param name="message">The message that asks for it. Null if there is none.</param>
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
            "The {Kind} about {About} failed ({Attempt} of {Attempts}): {Problem}. {Next}", Notification.Word(kind), notification.About,
            notification.Attempt, options.RetryDelays.Count + 1, failed.Problem,
            delay is { } wait ? $"Again in {wait.TotalSeconds:0} s" : "Given up: see `ledger messages --undelivered`");
        if (!await deliveries.FailedAsync(notification, failed.Problem, delay, CancellationToken.None))
            return new AttemptOutcome.Again(s_atOnce);
        return delay is { } next ? new AttemptOutcome.Again(next) : new AttemptOutcome.GivenUp();
    }

    /// <summary>
    /// Makes one attempt with a deadline. Stopping the service does not end it at once, so that a message just handed over is still
    /// recorded as sent.
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

    /// <summary>The wait for a place. It grows each time, so that many waiting messages cost little.</summary>
    private static TimeSpan Queued(int tries, Guid delivery)
    {
        var delay = TimeSpan.FromSeconds(2) * Math.Pow(1.5, Math.Min(tries, 9));
        return (delay < s_longestQueue ? delay : s_longestQueue) * RetrySchedule.Spread(tries, delivery);
    }
}
