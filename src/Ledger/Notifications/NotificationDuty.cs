using Ledger.Database;

namespace Ledger.Notifications;

/// <summary>Sends what is due of one kind, every second.</summary>
public sealed class NotificationDuty(NotificationOutbox outbox, INotificationSender sender, NotificationOptions options, TimeProvider time, ILogger<NotificationDuty> log)
    : BackgroundService
{
    /// <summary>So many are under way at once: one that is slow does not keep the others waiting.</summary>
    private const int Parallel = 4;

    /// <summary>What is under way when the service stops may take so long to come to its end.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.PollInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("The outbox could not be worked on: {Error}", Failure.Describe(e));
            }
        }
    }

    /// <summary>Sends until nothing is due, or the service stops.</summary>
    /// <returns>How many attempts were made.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var attempts = 0;
        IReadOnlyList<Notification> claimed;
        do
        {
            claimed = await outbox.ClaimAsync(sender.Kind, sender.MessageIdParts, Parallel, cancel);
            await Task.WhenAll(claimed.Select(notification => DeliverAsync(notification, cancel)));
            attempts += claimed.Count;
        }
        while (claimed.Count > 0 && !cancel.IsCancellationRequested);
        return attempts;
    }

    private async Task DeliverAsync(Notification notification, CancellationToken stop)
    {
        FaultPoint.At("notification.before-send");
        var result = await SendAsync(notification, stop);
        // A crash here sends it once more, under the same message id, when the lease ends.
        FaultPoint.At("notification.after-send");
        if (result is SendResult.Failed failed)
        {
            var delay = failed.IsFinal ? null : RetrySchedule.DelayAfter(notification.Attempt, notification.Id);
            if (delay is not null && failed.NotBefore > delay)
                delay = failed.NotBefore;
            log.LogWarning("The {Kind} about job {Job} failed ({Attempt} of {Attempts}): {Problem}. {Next}", Notification.Word(sender.Kind), notification.Job,
                notification.Attempt, RetrySchedule.Attempts, failed.Problem,
                delay is { } wait ? $"Again in {wait.TotalSeconds:0} s" : "Given up: see `ledger notifications --undelivered`");
            await outbox.FailedAsync(notification, failed.Problem, delay, CancellationToken.None);
        }
        else
        {
            await outbox.SentAsync(notification, CancellationToken.None);
        }
    }

    /// <summary>One attempt with a deadline. Stopping the service does not cut it off at once: what was just handed over should be recorded as sent.</summary>
    private async Task<SendResult> SendAsync(Notification notification, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(sender.Deadline, time);
        await using var stopping = stop.Register(() => deadline.CancelAfter(Grace));
        try
        {
            return await sender.SendAsync(notification, deadline.Token);
        }
        catch (Exception) when (deadline.IsCancellationRequested)
        {
            return new SendResult.Failed(
                stop.IsCancellationRequested ? "the service was stopped before the other side had answered" : $"no answer within {sender.Deadline.TotalSeconds:0} s");
        }
        catch (Exception e)
        {
            // A bug, or something about this one: it must not keep the others waiting.
            return new SendResult.Failed($"it could not be sent ({Failure.Describe(e)})");
        }
    }
}
