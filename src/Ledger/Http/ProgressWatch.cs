using System.Text;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Registry;

namespace Ledger.Http;

/// <summary>Writes one progress stream from its beginning to its end.</summary>
internal sealed class ProgressWatch(JobReader jobs, RegistryCache registry, HttpOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>One of these scopes opens a stream, and keeps it open.</summary>
    public static readonly Scope[] MayRead = [Scope.DeleteConversations];

    /// <summary>Between two looks at the stored document.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <param name="first">The document as it is now.</param>
    /// <param name="seen">The version that the client has already; 0: none.</param>
    public async Task RunAsync(HttpContext context, JobId job, StoredStatus first, long seen)
    {
        var (caller, response) = (Caller.Of(context), context.Response);
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // a proxy that collects answers would keep the events to itself
        // A node that stops does not wait for jobs to end: clients come back, to another one or later.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var written = time.GetTimestamp();
        await response.Body.FlushAsync(stop.Token);
        try
        {
            for (StoredStatus? status = first; ; status = await LookAsync(caller, job, stop.Token))
            {
                if (status is not null && status.Version != seen)
                {
                    await WriteAsync(response, $"id: {status.Version}\nevent: status\ndata: {status.Json}\n\n", stop.Token);
                    (seen, written) = (status.Version, time.GetTimestamp());
                }
                else if (time.GetElapsedTime(written) >= options.Heartbeat)
                {
                    await WriteAsync(response, ": still there\n\n", stop.Token);
                    written = time.GetTimestamp();
                }
                if (status is { Ended: true } || !await IsAllowedAsync(caller, stop.Token))
                    return;
                await Task.Delay(Interval, time, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client is gone, or the node stops: either way this stream ends here.
        }
    }

    /// <summary>Null: the database is away, and the stream outlasts that.</summary>
    private async Task<StoredStatus?> LookAsync(Caller caller, JobId job, CancellationToken cancel)
    {
        try
        {
            return await jobs.StatusAsync(caller.Bot.BotId, job, cancel);
        }
        catch (Exception e) when (Errors.IsDatabaseUnreachable(e))
        {
            return null;
        }
    }

    /// <summary>A stream may live for days: what was revoked since it was opened ends it.</summary>
    private async ValueTask<bool> IsAllowedAsync(Caller caller, CancellationToken cancel)
    {
        try
        {
            var now = await registry.CurrentAsync(cancel);
            return now.Clients.TryGetValue(caller.ClientId, out var client) && !client.Client.Revoked
                && now.Bots.TryGetValue(caller.Bot.BotId, out var bot) && (caller with { PathBot = bot, Registry = now }).MayDoOneOf(MayRead);
        }
        catch (Exception e) when (Errors.IsDatabaseUnreachable(e))
        {
            return true;
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancel)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancel);
        await response.Body.FlushAsync(cancel);
    }
}
