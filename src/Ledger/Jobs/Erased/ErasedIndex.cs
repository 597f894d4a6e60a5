using System.Collections.Concurrent;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Projections;
using Npgsql;

namespace Ledger.Jobs.Erased;

/// <summary>A bot's lists are not read yet. The caller reads them outside of any transaction, then asks again.</summary>
public sealed class ErasedNotReadException(string bot) : Exception("what was erased of the bot is not read yet")
{
    public string Bot { get; } = bot;
}

/// <summary>
/// Tells if a conversation that the store does not hold was erased by another job of its bot (docs/adr/0042). A node opens a bot's lists
/// once, in steps. It keeps 12 bytes for each erased conversation: half a digest under a key that the process made, and the row that holds
/// it. A look-up opens only those rows. So it is exact, and its cost does not depend on the bot's history. There is no list of erased ids
/// outside of this memory, and forgotten jobs leave it.
/// </summary>
/// <param name="keys">The keys to open the lists.</param>
/// <param name="capacity">Maximum number of erased conversations that are kept, of all bots together. The bots that were asked for longest
/// ago make room.</param>
public sealed class ErasedIndex(KeyFolder keys, int capacity = 5_000_000)
{
    private const int JobsPerStep = 64;
    private static readonly TimeSpan s_betweenPings = TimeSpan.FromSeconds(2);
    private static readonly string JobsSql = Sql.Load(typeof(ErasedIndex), nameof(ReadAsync));
    private static readonly string RowsSql = Sql.Load(typeof(ErasedIndex), nameof(AddAsync));
    private static readonly string SizeSql = Sql.Load(typeof(ErasedIndex), "LogSize");
    private static readonly string TouchedSql = Sql.Load(typeof(ErasedIndex), "Touched");
    private static readonly string OpenSql = Sql.Load(typeof(ErasedIndex), "Open");
    private static readonly string LiveSql = Sql.Load(typeof(ErasedIndex), "Live");

    private readonly ConcurrentDictionary<string, ErasedOfBot> _bots = new(StringComparer.Ordinal);
    private readonly IdentityHash _hash = new();
    private long _uses;

    /// <summary>Number of erased conversations that are kept now.</summary>
    public int Count => _bots.Values.Sum(bot => bot.Count);

    /// <summary>The <paramref name="ids"/> that a job other than <paramref name="except"/> deleted.</summary>
    /// <param name="connection">A connection that sees every erasure committed before the store was asked for the ids.</param>
    /// <exception cref="ErasedNotReadException">The bot's lists are not read yet.</exception>
    public async Task<IReadOnlySet<string>> FindAsync(
        NpgsqlConnection connection, string bot, JobId except, IReadOnlyCollection<string> ids, CancellationToken cancel) =>
        (await FindJobsAsync(connection, bot, except, ids, cancel)).Select(one => one.ConversationId).ToHashSet(StringComparer.Ordinal);

    /// <summary>As <see cref="FindAsync"/>, with the jobs that deleted them.</summary>
    /// <exception cref="ErasedNotReadException">The bot's lists are not read yet.</exception>
    public async Task<IReadOnlyList<(string ConversationId, JobId Job)>> FindJobsAsync(
        NpgsqlConnection connection, string bot, JobId except, IReadOnlyCollection<string> ids, CancellationToken cancel)
    {
        var erased = new List<(string, JobId)>();
        if (ids.Count == 0)
            return erased;
        if (!_bots.TryGetValue(bot, out var known) || !known.IsRead)
            throw new ErasedNotReadException(bot);
        known.LastUse = Interlocked.Increment(ref _uses);
        await known.Gate.WaitAsync(cancel);
        try
        {
            await RefreshAsync(connection, bot, known, except.Value, cancel);
            var wanted = new HashSet<string>(ids, StringComparer.Ordinal);
            foreach (var row in known.Candidates(ids.Select(id => Half(bot, id))).Where(row => row.Job != except.Value))
            {
                if (await OpenAsync(connection, row, cancel) is not { } open)
                    continue;
                erased.AddRange(open.Entries
                    .Where((entry, i) => open.Outcomes[i] == OutcomeCode.Deleted && wanted.Contains(entry.ConversationId))
                    .Select(entry => (entry.ConversationId, new JobId(row.Job))));
            }
            return erased;
        }
        finally
        {
            known.Gate.Release();
        }
    }

    /// <summary>Reads a bot's lists, some jobs a statement. It can be stopped between two statements.</summary>
    /// <param name="connection">A connection outside of a transaction.</param>
    public async Task ReadAsync(NpgsqlConnection connection, string bot, CancellationToken cancel)
    {
        var known = _bots.GetOrAdd(bot, _ => new ErasedOfBot());
        // While another turn reads them, this one's session must not look idle: the server would end it, and its lane.
        while (!await known.Gate.WaitAsync(s_betweenPings, cancel))
            await ScalarAsync<int>(connection, "select 1", cancel);
        try
        {
            if (known.IsRead)
                return;
            // First: what is settled after this is seen by the next look.
            known.Clear(await ScalarAsync<long>(connection, SizeSql, cancel));
            foreach (var jobs in (await ScalarAsync<Guid[]>(connection, JobsSql, cancel, bot)).Chunk(JobsPerStep))
                await AddAsync(connection, bot, known, jobs, cancel);
            known.LastUse = Interlocked.Increment(ref _uses);
            known.IsRead = true;
        }
        finally
        {
            known.Gate.Release();
        }
        MakeRoom(bot);
    }

    /// <summary>Drops the jobs that were forgotten since, of every bot that is kept.</summary>
    public async Task RefreshAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        foreach (var (bot, known) in _bots.Where(one => one.Value.IsRead))
        {
            await known.Gate.WaitAsync(cancel);
            try
            {
                await RefreshAsync(connection, bot, known, except: default, cancel);
            }
            finally
            {
                known.Gate.Release();
            }
        }
    }

    private ulong Half(string bot, string conversation) => (ulong)_hash.Of(bot, conversation);

    /// <summary>Reads those rows of these jobs that may have changed since the last read.</summary>
    private async Task AddAsync(NpgsqlConnection connection, string bot, ErasedOfBot known, Guid[] jobs, CancellationToken cancel)
    {
        var read = new Dictionary<Guid, int>();
        NpgsqlParameter[] parameters = [new() { Value = jobs }, new() { Value = Array.ConvertAll(jobs, known.FirstOpen) }];
        await foreach (var row in RowsAsync(connection, RowsSql, parameters, cancel))
        {
            Add(bot, known, row);
            read[row.Job] = row.FirstOpen ?? row.Row + 1;
        }
        foreach (var (job, first) in read)
            known.IsReadTo(job, first);
    }

    private void Add(string bot, ErasedOfBot known, StoredRow row)
    {
        if (OpenOrNot(row) is { } entries)
            known.Add(row, i => Half(bot, entries[i].ConversationId));
        else
            known.AddUnopened(row.Job, row.Row); // its key may come back
    }

    /// <summary>Opens a row. Null if this folder lacks its key: only a look-up that needs this row fails then.</summary>
    private IReadOnlyList<ManifestEntry>? OpenOrNot(StoredRow row)
    {
        try
        {
            return row.Open(keys);
        }
        catch (KeyFolderBehindException)
        {
            return null;
        }
    }

    /// <summary>Adds what was settled since the last look, and drops what was forgotten.</summary>
    /// <param name="except">The job that asks. Its transaction may not commit, so its outcomes wait for the look of another job.</param>
    private async Task RefreshAsync(NpgsqlConnection connection, string bot, ErasedOfBot known, Guid except, CancellationToken cancel)
    {
        var stream = StreamIds.Bot(bot);
        long size;
        Guid[] touched;
        await using (var command = new NpgsqlCommand(TouchedSql, connection)
        {
            Parameters = { new() { Value = known.LogSize }, new() { Value = bot }, new() { Value = stream } },
        })
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            await reader.ReadAsync(cancel);
            (size, touched) = (reader.GetInt64(0), reader.GetFieldValue<Guid[]>(1));
        }
        if (touched.Contains(stream))
            known.Keep(await ScalarAsync<Guid[]>(connection, LiveSql, cancel, known.Jobs));
        known.Touched.UnionWith(touched.Where(job => job != stream));
        known.LogSize = size;
        foreach (var jobs in known.Touched.Where(job => job != except).Chunk(JobsPerStep).ToList())
        {
            await AddAsync(connection, bot, known, jobs, cancel);
            known.Touched.ExceptWith(jobs);
        }
    }

    private async Task<(byte[] Outcomes, IReadOnlyList<ManifestEntry> Entries)?> OpenAsync(
        NpgsqlConnection connection, ErasedRow row, CancellationToken cancel)
    {
        await foreach (var one in RowsAsync(connection, OpenSql, [new() { Value = row.Job }, new() { Value = row.Row }], cancel))
        {
            if (one.Open(keys) is { } entries)
                return (one.Outcomes, entries);
        }
        return null;
    }

    private void MakeRoom(string kept)
    {
        foreach (var (bot, known) in _bots.Where(one => one.Key != kept).OrderBy(one => one.Value.LastUse).ToList())
        {
            if (Count <= capacity)
                return;
            if (_bots.TryRemove(bot, out _))
                known.IsRead = false;
        }
    }

    private static async IAsyncEnumerable<StoredRow> RowsAsync(
        NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            yield return new StoredRow(
                reader.GetGuid(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetFieldValue<byte[]>(3), reader.GetFieldValue<byte[]>(4),
                reader.GetFieldValue<byte[]>(5), reader.GetBoolean(6), await reader.IsDBNullAsync(7, cancel) ? null : reader.GetInt32(7));
        }
    }

    private static async Task<T> ScalarAsync<T>(
        NpgsqlConnection connection, string sql, CancellationToken cancel, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return (T)(await command.ExecuteScalarAsync(cancel))!;
    }
}
