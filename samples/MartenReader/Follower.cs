using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Projections;
using Microsoft.Extensions.Logging;

namespace MartenReader;

/// <summary>
/// An async projection: Marten's daemon gives it the events in the order of their numbers, page by page, and keeps how far it is. What this
/// one makes of them are lines. docs/marten.md says where documents would go.
/// </summary>
internal sealed class Follower(TextWriter output) : IProjection, IObserver<ShardState>
{
    public const string Name = "marten_reader";

    /// <summary>Its row in <c>ledger.mt_event_progression</c>.</summary>
    public const string Shard = $"{Name}:All";

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last;
    private long? _end;

    /// <summary>A page that is not committed comes again, so whatever is done here must bear to be done twice.</summary>
    public Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        var unused = events[^1].Sequence - _last - events.Count;
        var types = events.CountBy(e => e.EventTypeName).OrderByDescending(type => type.Value).Select(type => $"{type.Key} {type.Value}");
        output.WriteLine(
            $"up to {events[^1].Sequence}: {events.Count} events ({string.Join(", ", types)}), {unused} numbers without an event");
        _last = events[^1].Sequence;
        return Task.CompletedTask;
    }

    /// <summary>Follows the events.</summary>
    /// <param name="store">A store that this projection was added to.</param>
    /// <param name="once">To the present end; else until it is stopped.</param>
    /// <param name="log">Of the daemon.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task FollowAsync(IDocumentStore store, bool once, ILogger log, CancellationToken cancel)
    {
        _last = await store.Advanced.ProjectionProgressFor(new ShardName(Name), token: cancel);
        if (once)
            _end = await PresentEndAsync(store, cancel);
        output.WriteLine($"following from {_last}{(once ? $" to {_end}" : ", until Ctrl-C")}");
        if (_last >= _end)
            return;
        using var daemon = await store.BuildProjectionDaemonAsync(logger: log);
        using var subscription = daemon.Tracker.Subscribe(this);
        await daemon.StartAllAsync();
        try
        {
            await _ended.Task.WaitAsync(cancel);
        }
        finally
        {
            await daemon.StopAllAsync();
        }
    }

    /// <summary>The number of the last event. The sequence itself may be ahead of it, by numbers without an event.</summary>
    private static async Task<long> PresentEndAsync(IDocumentStore store, CancellationToken cancel)
    {
        await using var session = store.QuerySession();
        return (await session.QueryAsync<long>("select coalesce(max(seq_id), 0) from ledger.mt_events", cancel))[0];
    }

    /// <summary>How far the daemon is, or why it stopped.</summary>
    void IObserver<ShardState>.OnNext(ShardState value)
    {
        if (value.ShardName != Shard)
            return;
        if (value.Exception is { } e)
            _ended.TrySetException(e);
        else if (value.Sequence >= _end)
            _ended.TrySetResult();
    }

    void IObserver<ShardState>.OnError(Exception error) => _ended.TrySetException(error);

    void IObserver<ShardState>.OnCompleted()
    {
    }
}
