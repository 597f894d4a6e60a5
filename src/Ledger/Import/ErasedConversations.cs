using Ledger.Conversations.Adding;
using Ledger.Database;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Import;

/// <summary>
/// The conversations that the bots' jobs have erased, as far as the jobs' keys still exist. It lives only as long as an import runs. Each
/// conversation takes 16 bytes, and none is kept as an id (docs/adr/0009, docs/adr/0032).
/// </summary>
/// <param name="keys">The keys to open the jobs' lists.</param>
/// <param name="hash">The hash that names conversations.</param>
/// <param name="bots">The bots.</param>
internal sealed class ErasedConversations(KeyFolder keys, IdentityHash hash, IReadOnlyCollection<string> bots)
{
    private static readonly string CountSql = Sql.Load(typeof(ErasedConversations), nameof(CountAsync));
    private static readonly string TouchedSinceSql = Sql.Load(typeof(ErasedConversations), nameof(TouchedSinceAsync));

    private readonly HashSet<UInt128> _later = [];
    private UInt128[] _erased = [];
    private int _count;
    private long _logSize;

    /// <summary>Number of list rows that nobody forgot but that cannot be opened.</summary>
    public int Unreadable { get; private set; }

    /// <summary>True if the conversation was erased, as of the latest look.</summary>
    public bool Contains(ImportedConversation conversation)
    {
        var id = Id(conversation);
        return WasErased(id) || _later.Contains(id);
    }

    /// <summary>True if the conversation was erased since <see cref="LoadAsync"/>, as of the latest look.</summary>
    public bool IsLater(ImportedConversation conversation)
    {
        var id = Id(conversation);
        return _later.Contains(id) && !WasErased(id);
    }

    /// <summary>Reads what was erased until now.</summary>
    /// <param name="progress">Told how many conversations were read.</param>
    /// <param name="connection">A connection outside of a transaction.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task LoadAsync(NpgsqlConnection connection, Action<long>? progress, CancellationToken cancel)
    {
        // First: what is settled after this is seen by LookAgainAsync.
        (_logSize, _) = await TouchedSinceAsync(connection, long.MaxValue, cancel);
        _erased = new UInt128[await CountAsync(connection, cancel)];
        foreach (var bot in bots)
        {
            await foreach (var row in SealedManifests.ReadErasedAsync(connection, keys, bot, jobs: null, () => Unreadable++, cancel))
            {
                foreach (var id in Erased(bot, row))
                {
                    if (_count == _erased.Length)
                        Array.Resize(ref _erased, Math.Max(1024, checked(_count * 2)));
                    _erased[_count++] = id;
                }
                progress?.Invoke(_count);
            }
        }
        Array.Sort(_erased, 0, _count);
    }

    /// <summary>
    /// Reads what was settled since the last look. Run after the inserts of a batch, it sees every erasure that was committed before them:
    /// an insert waits for the erasure of its conversation.
    /// </summary>
    public async Task LookAgainAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var (size, touched) = await TouchedSinceAsync(connection, _logSize, cancel);
        if (touched.Length > 0)
        {
            foreach (var bot in bots)
            {
                await foreach (var row in SealedManifests.ReadErasedAsync(connection, keys, bot, touched, () => Unreadable++, cancel))
                    _later.UnionWith(Erased(bot, row));
            }
        }
        _logSize = size;
    }

    private UInt128 Id(ImportedConversation conversation) => hash.Of(conversation.BotId, conversation.ConversationId);

    private bool WasErased(UInt128 id) => Array.BinarySearch(_erased, 0, _count, id) >= 0;

    private IEnumerable<UInt128> Erased(string bot, OpenedManifestRow row) =>
        row.Entries.Where((_, i) => OutcomeCode.IsErased(row.Outcomes[i])).Select(entry => hash.Of(bot, entry.ConversationId));

    private async Task<long> CountAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(CountSql, connection) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = bots.ToArray() });
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    private async Task<(long LogSize, Guid[] Jobs)> TouchedSinceAsync(NpgsqlConnection connection, long size, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(TouchedSinceSql, connection)
        {
            CommandTimeout = 300,
            Parameters = { new() { Value = size }, new() { Value = bots.ToArray() } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return (reader.GetInt64(0), reader.GetFieldValue<Guid[]>(1));
    }
}
