using System.Runtime.ExceptionServices;
using JasperFx.Events;
using Ledger.Contracts;
using Ledger.EventStore;
using Marten;
using Npgsql;

namespace Ledger.Engine;

/// <summary>
/// The one shape of a transaction that appends (docs/adr/0041): lock the stream's row, decide, append, write rows of the ledger's own,
/// check the clock against the closing, commit. Whoever locks a stream first is the next to append to it, and all others wait or are told.
/// </summary>
/// <remarks>The stream comes first: whoever has locked another row before it can wait for a writer that waits for that row.</remarks>
public sealed class StreamTransaction : IAsyncDisposable
{
    private readonly NpgsqlTransaction _transaction;
    private readonly IDocumentSession _session;
    private readonly bool _isOwn;
    private readonly HashSet<object> _locked = new(ReferenceEqualityComparer.Instance);
    private DateTimeOffset _latest;
    private Outbox? _outbox;

    private StreamTransaction(NpgsqlTransaction transaction, IDocumentStore store, bool isOwn)
    {
        (_transaction, _isOwn) = (transaction, isOwn);
        _session = store.LightweightSession(Marten.Services.SessionOptions.ForTransaction(transaction));
    }

    /// <summary>For statements that belong to the transaction. One at a time.</summary>
    public NpgsqlConnection Connection => _transaction.Connection ?? throw new InvalidOperationException("the transaction has ended");

    /// <summary>Begins one.</summary>
    public static async Task<StreamTransaction> BeginAsync(IDocumentStore store, NpgsqlConnection connection, CancellationToken cancel) =>
        new(await connection.BeginTransactionAsync(cancel), store, isOwn: true);

    /// <summary>Appends in a transaction that another place ends.</summary>
    public static StreamTransaction Within(IDocumentStore store, NpgsqlTransaction transaction) => new(transaction, store, isOwn: false);

    /// <summary>The messages of this transaction, which are sent once it is committed. Before <see cref="WriteAsync(CancellationToken)"/>:
    /// what comes after it is not judged by the closing.</summary>
    /// <returns>Null: none are sent.</returns>
    public async ValueTask<Outbox?> OutboxAsync(Messages messages) => _outbox ??= await messages.EnlistAsync(_transaction);

    /// <summary>
    /// Locks a stream and reads its document. Waits while another writer has it. What is appended to it goes with the next write.
    /// </summary>
    /// <exception cref="LostRaceException">A deadlock was resolved against this one.</exception>
    public async Task<IEventStream<T>> LockAsync<T, TId>(TId id, CancellationToken cancel)
        where T : class
        where TId : notnull
    {
        var stream = await Unwrapped(() => _session.Events.FetchForExclusiveWriting<T, TId>(id, cancel));
        _locked.Add(stream);
        return stream;
    }

    /// <summary>Locks a stream that has no document. Waits while another writer has it.</summary>
    /// <returns>Its version; 0: it is not there.</returns>
    public async Task<long> LockAsync(Guid stream, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "select version from ledger.mt_streams where id = $1 for update", Connection, _transaction)
        {
            Parameters = { new() { Value = stream } },
        };
        return (long?)await command.ExecuteScalarAsync(cancel) ?? 0;
    }

    /// <summary>Starts a stream that must not be there.</summary>
    public void Start<T>(Guid stream, IEnumerable<object> events, DateTimeOffset at)
        where T : class =>
        _session.Events.StartStream<T>(stream, Recorded(events, at));

    /// <summary>Appends to a locked stream.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="events">The events to append.</param>
    /// <param name="at">The instant that they are recorded with, in whole milliseconds.</param>
    /// <exception cref="InvalidOperationException">There was a write since the lock. Marten would lose the events, silently.</exception>
    public void Append<T>(IEventStream<T> stream, IEnumerable<object> events, DateTimeOffset at)
        where T : class
    {
        if (!_locked.Contains(stream))
            throw new InvalidOperationException("the stream was locked before the last write: lock it again, or append before that write");
        stream.AppendMany(Recorded(events, at));
    }

    /// <summary>Appends to a locked stream that has no document, or starts it.</summary>
    /// <typeparam name="T">Names the stream's type.</typeparam>
    /// <param name="stream">The stream.</param>
    /// <param name="version">The one that it was locked at.</param>
    /// <param name="events">The events to append.</param>
    /// <param name="at">The instant that they are recorded with, in whole milliseconds.</param>
    public void Append<T>(Guid stream, long version, IReadOnlyList<object> events, DateTimeOffset at)
        where T : class
    {
        if (version == 0)
            Start<T>(stream, events, at);
        else
            _session.Events.Append(stream, version + events.Count, Recorded(events, at));
    }

    /// <summary>Sends the events and their documents, then rows of the ledger's own. Nothing is committed yet.</summary>
    /// <param name="rows">Statements of the ledger's own.</param>
    /// <param name="each">Statements that must change exactly one row each.</param>
    /// <param name="closing">
    /// The instant after which it is too late. It is compared with the database's clock after everything was written, here and nowhere
    /// else.
    /// </param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="WindowClosedException">The closing has come, or what is recorded would be of a later instant: roll
    /// back.</exception>
    /// <exception cref="LostRaceException">Another writer was first.</exception>
    /// <exception cref="InvalidOperationException">A statement did not change its one row.</exception>
    public async Task WriteAsync(
        IEnumerable<NpgsqlBatchCommand> rows, IReadOnlyList<NpgsqlBatchCommand> each, DateTimeOffset? closing, CancellationToken cancel)
    {
        await Unwrapped(async () =>
        {
            await _session.SaveChangesAsync(cancel);
            return true;
        });
        _locked.Clear();
        await using var batch = new NpgsqlBatch(Connection, _transaction);
        foreach (var command in rows.Concat(each))
            batch.BatchCommands.Add(command);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select clock_timestamp()"));
        var clock = await ClockAsync(batch, cancel);
        if (each.FirstOrDefault(command => command.RecordsAffected != 1) is { } lost)
            throw new InvalidOperationException(
                $"a compare-and-set changed {lost.RecordsAffected} rows instead of one: {lost.CommandText}");
        if (clock >= closing || _latest >= closing)
            throw new WindowClosedException();
    }

    /// <summary>Sends the events and their documents. Nothing is committed yet.</summary>
    /// <exception cref="LostRaceException">Another writer was first.</exception>
    public Task WriteAsync(CancellationToken cancel) => WriteAsync([], [], closing: null, cancel);

    /// <summary>Commits, and lets the messages go.</summary>
    public async Task CommitAsync(CancellationToken cancel)
    {
        await _transaction.CommitAsync(cancel);
        if (_outbox is not null)
            await _outbox.FlushAsync();
    }

    /// <summary>Gives everything up.</summary>
    public Task RollbackAsync(CancellationToken cancel) => _transaction.RollbackAsync(cancel);

    /// <summary>Ends the transaction, if it is its own. Changes that were not committed are undone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        if (_isOwn)
            await _transaction.DisposeAsync();
    }

    private object[] Recorded(IEnumerable<object> events, DateTimeOffset at)
    {
        _latest = Instant.Truncate(at);
        return
        [
            .. events.Select(@event =>
            {
                var recorded = _session.Events.BuildEvent(@event);
                recorded.Timestamp = _latest;
                return recorded;
            }),
        ];
    }

    private static async Task<T> Unwrapped<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception e) when (AppendFailure.Of(e) is var other && other != e)
        {
            ExceptionDispatchInfo.Throw(other);
            throw;
        }
    }

    private static async Task<DateTimeOffset> ClockAsync(NpgsqlBatch batch, CancellationToken cancel)
    {
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var clock = default(DateTimeOffset);
        do
        {
            while (await reader.ReadAsync(cancel))
                clock = reader.GetFieldType(0) == typeof(DateTime) ? reader.GetFieldValue<DateTimeOffset>(0) : clock;
        }
        while (await reader.NextResultAsync(cancel));
        return clock;
    }
}
