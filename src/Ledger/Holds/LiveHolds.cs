using System.Collections.Concurrent;
using Ledger.Contracts.Registry;
using Ledger.Conversations;
using Ledger.Database;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Holds;

/// <summary>
/// The legal holds that batches keep to. A hold's list is opened once on a node, and stays in memory as long as the hold is live.
/// </summary>
public sealed class LiveHolds(KeyFolder keys, ConversationStore store)
{
    private static readonly string LiveSql = Sql.Load(typeof(LiveHolds), "Live");
    private static readonly string OpenSql = Sql.Load(typeof(LiveHolds), nameof(OpenAsync));
    private static readonly string EndedSql = Sql.Load(typeof(LiveHolds), nameof(DropEndedAsync));

    private readonly ConcurrentDictionary<Guid, OpenHold> _open = new();

    /// <summary>A hold's opened list.</summary>
    private sealed record OpenHold(HoldId Id, IReadOnlySet<string> ConversationIds, string? CId)
    {
        public bool Covers(HoldCandidate conversation) =>
            conversation.CId == CId || ConversationIds.Contains(conversation.ConversationId);

        public override string ToString() => nameof(OpenHold);
    }

    /// <summary>
    /// The conversations that are under a hold, with their holds, by their keys in the store. No hold of the bot is placed or ended until
    /// the transaction ends.
    /// </summary>
    /// <param name="connection">In the transaction that deletes. The job's stream is locked.</param>
    /// <param name="bot">The bot.</param>
    /// <param name="conversationKeys">The conversations that the transaction is going to delete.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="KeyFolderBehindException">A hold's list cannot be opened with this key folder. Nothing may be deleted.</exception>
    /// <exception cref="InvalidOperationException">A hold has no key. Nothing may be deleted.</exception>
    public async Task<IReadOnlyDictionary<long, IReadOnlyList<HoldId>>> FindAsync(
        NpgsqlConnection connection, string bot, IReadOnlyList<long> conversationKeys, CancellationToken cancel)
    {
        var held = new Dictionary<long, IReadOnlyList<HoldId>>();
        var live = await LiveAsync(connection, bot, cancel);
        if (live.Count == 0 || conversationKeys.Count == 0)
            return held;
        var conversations = await store.FindHeldAsync(
            connection, bot, conversationKeys, [.. live.SelectMany(hold => hold.ConversationIds).Distinct()],
            [.. live.Select(hold => hold.CId).OfType<string>().Distinct()], cancel);
        foreach (var conversation in conversations)
            held.Add(conversation.Key, [.. live.Where(hold => hold.Covers(conversation)).Select(hold => hold.Id)]);
        return held;
    }

    /// <summary>Drops the lists of holds that have ended.</summary>
    public async Task DropEndedAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        if (_open.IsEmpty)
            return;
        await using var command = new NpgsqlCommand(EndedSql, connection) { Parameters = { new() { Value = _open.Keys.ToArray() } } };
        foreach (var ended in (Guid[])(await command.ExecuteScalarAsync(cancel))!)
            _open.TryRemove(ended, out _);
    }

    private async Task<IReadOnlyList<OpenHold>> LiveAsync(NpgsqlConnection connection, string bot, CancellationToken cancel)
    {
        var live = new List<Guid>();
        // Two statements: the second one begins when the lock is had, and sees what was committed until then.
        await using (var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { HoldLock.Share(bot), new(LiveSql) { Parameters = { new() { Value = bot } } } },
        })
        await using (var reader = await batch.ExecuteReaderAsync(cancel))
        {
            await reader.NextResultAsync(cancel);
            while (await reader.ReadAsync(cancel))
                live.Add(reader.GetGuid(0));
        }
        if (live.Where(hold => !_open.ContainsKey(hold)).ToArray() is { Length: > 0 } unopened)
            await OpenAsync(connection, unopened, cancel);
        return
        [
            .. live.Select(hold => _open.GetValueOrDefault(hold)
                ?? throw new InvalidOperationException("the key of a live legal hold is gone: bring it back from a backup")),
        ];
    }

    private async Task OpenAsync(NpgsqlConnection connection, Guid[] holds, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(OpenSql, connection) { Parameters = { new() { Value = holds } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var secrets = new JobSecrets(reader.GetInt32(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<byte[]>(3));
            var id = new HoldId(reader.GetGuid(0));
            if (HoldSecrets.Open(keys, id, secrets) is var (_, held))
                _open[id.Value] = new OpenHold(id, (held.ConversationIds ?? []).ToHashSet(StringComparer.Ordinal), held.CId);
        }
    }
}
