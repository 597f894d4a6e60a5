using System.Text;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Jobs;
using Ledger.Registry;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary>Writes one progress stream from its beginning to its end.</summary>
internal sealed class ProgressWatch(
    JobReader jobs, RegistryCache registry, Standing standing, HttpOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>The scopes that may read a stream. A client needs one of them to open it and to keep it open.</summary>
    public static readonly Scope[] MayRead = [Scope.DeleteConversations];

    /// <summary>The time between two looks at the stored document.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>The time between two checks that the client still has access, while there is nothing to send.</summary>
    private static readonly TimeSpan StandingInterval = TimeSpan.FromMilliseconds(750);

    /// <summary>
    /// The end of a stream that has lived long enough. It asks the client to come back in a second (<c>retry</c>, in milliseconds).
    /// </summary>
    private const string ComeBack = ": this stream has lived long enough, the next goes on\nretry: 1000\n\n";

    /// <param name="first">The document as it is now.</param>
    /// <param name="seen">The validator of the document that the client has already; empty if it has none.</param>
    public async Task RunAsync(HttpContext context, JobId job, StoredStatus first, string seen)
    {
        var (caller, response) = (Caller.Of(context), context.Response);
        Announce(response);
        // A node that stops does not wait for jobs to end: clients come back, to another one or later.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        await response.Body.FlushAsync(stop.Token);
        try
        {
            await FollowAsync(caller, response, job, first, seen, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client is gone, or the node stops: either way this stream ends here.
        }
    }

    /// <summary>Sets the headers of a stream.</summary>
    public static void Announce(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // a proxy that collects answers would keep the events to itself
    }

    private async Task FollowAsync(
        Caller caller, HttpResponse response, JobId job, StoredStatus first, string seen, CancellationToken cancel)
    {
        var opened = time.GetTimestamp();
        var (written, asked) = (opened, opened); // the request was let in just now
        for (StoredStatus? status = first; ; status = await LookAsync(caller, job, cancel))
        {
            var isNews = status is not null && status.Validator != seen;
            // What was taken away since ends the stream, before anything more is told.
            if (!ReferenceEquals(status, first) && (isNews || time.GetElapsedTime(asked) >= StandingInterval))
            {
                if (!await standing.HoldsAsync(caller, MayRead, cancel))
                    return;
                asked = time.GetTimestamp();
            }
            if (isNews)
            {
                await WriteAsync(response, $"id: {status!.Validator}\nevent: status\ndata: {status.Json}\n\n", cancel);
                (seen, written) = (status.Validator, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(written) >= options.Heartbeat)
            {
                await WriteAsync(response, ": still there\n\n", cancel);
                written = time.GetTimestamp();
            }
            if (status is { Ended: true })
                return;
            if (time.GetElapsedTime(opened) >= options.ProgressLife)
            {
                await WriteAsync(response, ComeBack, cancel);
                return;
            }
            await Task.Delay(Interval, time, cancel);
        }
    }

    /// <summary>The document. Null if the database is away: the stream outlasts that.</summary>
    private async Task<StoredStatus?> LookAsync(Caller caller, JobId job, CancellationToken cancel)
    {
        try
        {
            return await jobs.StatusAsync(caller.Bot.BotId, job, caller.ClientId, cancel) is { } status
                ? PausedPhase.Of(status, caller.Bot.BotId, await registry.CurrentAsync(cancel))
                : null;
        }
        catch (Exception e) when (Failure.IsUnreachable(e))
        {
            return null;
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancel)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancel);
        await response.Body.FlushAsync(cancel);
    }
}
