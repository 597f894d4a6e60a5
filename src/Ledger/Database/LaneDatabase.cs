using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Ledger.Database;

/// <summary>
/// Lanes limit the turns of a window that run at once in the whole cluster. A lane is a session's advisory lock, and the work of the turn
/// is done in that very session. So a node that has lost its lane cannot go on. The server ends the session of a node that is gone at once,
/// and that of a frozen node within 5 s.
/// </summary>
public sealed class LaneDatabase(string connectionString) : IAsyncDisposable
{
    /// <summary>The time for which a session is kept for the next turn. The server ends a session that does nothing after 5 s.</summary>
    private static readonly TimeSpan s_keep = TimeSpan.FromSeconds(3);

    private static readonly string TakeSql = Sql.Load(typeof(LaneDatabase), nameof(TryTakeAsync));

    private readonly NpgsqlDataSource _source = LedgerSession.Source(connectionString, SessionKind.Lanes);
    private readonly Lock _lock = new();
    private readonly List<(NpgsqlConnection Session, Timer End)> _kept = [];

    /// <summary>The number of turns that the connection string lets run at once. Each has a session.</summary>
    public static int TurnsAtOnce(string connectionString) => ConnectionString.PoolSize(connectionString, SessionKind.Lanes);

    /// <summary>The first of the advisory lock's two keys: what <c>pg_locks</c> calls <c>classid</c>. The second is the lane's
    /// number.</summary>
    public static int KeyOf(string window) =>
        BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"deletion-ledger lane\n{window}")));

    /// <summary>Takes a lane of a window.</summary>
    /// <param name="window">The window's name.</param>
    /// <param name="lanes">The number of lanes that the window has.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The lane; null if none is free.</returns>
    public async Task<Lane?> TryTakeAsync(string window, int lanes, CancellationToken cancel)
    {
        var session = await OpenAsync(cancel);
        try
        {
            await using var command = new NpgsqlCommand(TakeSql, session)
            {
                Parameters = { new() { Value = KeyOf(window) }, new() { Value = lanes } },
            };
            if (await command.ExecuteScalarAsync(cancel) is int number)
                return new Lane(this, session, KeyOf(window), number);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
        Keep(session);
        return null;
    }

    /// <summary>A session such as lanes have: one that was kept, or a new one.</summary>
    internal async Task<NpgsqlConnection> OpenAsync(CancellationToken cancel)
    {
        while (true)
        {
            NpgsqlConnection session;
            lock (_lock)
            {
                if (_kept.Count == 0)
                    break;
                (session, var end) = _kept[^1];
                _kept.RemoveAt(_kept.Count - 1);
                end.Dispose();
            }
            if (session.State == System.Data.ConnectionState.Open)
                return session;
            await session.DisposeAsync();
        }
        return await _source.OpenConnectionAsync(cancel);
    }

    /// <summary>Keeps a session that holds nothing, for a while.</summary>
    internal void Keep(NpgsqlConnection session)
    {
        lock (_lock)
            _kept.Add((session, new Timer(_ => End(session), null, s_keep, Timeout.InfiniteTimeSpan)));
    }

    /// <summary>Ends the sessions that are kept.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            foreach (var (session, end) in _kept)
            {
                end.Dispose();
                session.Dispose();
            }
            _kept.Clear();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Clear();
        return _source.DisposeAsync();
    }

    private void End(NpgsqlConnection session)
    {
        lock (_lock)
        {
            var place = _kept.FindIndex(kept => kept.Session == session);
            if (place < 0)
                return;
            _kept[place].End.Dispose();
            _kept.RemoveAt(place);
        }
        session.Dispose();
    }
}

/// <summary>A lane that this node holds.</summary>
public sealed class Lane : IAsyncDisposable
{
    private readonly LaneDatabase _lanes;
    private readonly int _key;

    internal Lane(LaneDatabase lanes, NpgsqlConnection session, int key, int number)
    {
        (_lanes, Session, _key, Number) = (lanes, session, key, number);
    }

    /// <summary>The session that holds it, and in which the turn works.</summary>
    public NpgsqlConnection Session { get; }

    /// <summary>0 to the window's lanes - 1.</summary>
    public int Number { get; }

    /// <summary>Gives it back. A session that is not sound is ended, and the lane with it.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await using var command = new NpgsqlCommand("select pg_advisory_unlock($1, $2)", Session)
            {
                Parameters = { new() { Value = _key }, new() { Value = Number } },
            };
            if (await command.ExecuteScalarAsync() is true)
            {
                _lanes.Keep(Session);
                return;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It broke, and the server has freed the lane.
        }
        await Session.DisposeAsync();
    }
}
