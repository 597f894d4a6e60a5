using Ledger.Conversations.Adding;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Marten;
using Npgsql;

namespace Ledger.Import;

/// <summary>The result of a good first pass. The second pass checks the input against it.</summary>
public sealed class CheckedImport
{
    internal CheckedImport(ImportSource source, Func<string, string>? asBot) => (Source, AsBot) = (source, asBot);

    internal ImportSource Source { get; }
    internal Func<string, string>? AsBot { get; }
    internal IdentityHash Hash { get; } = new();
    internal HashSet<string> Bots { get; } = new(StringComparer.Ordinal);

    /// <summary>The digest of each batch.</summary>
    internal List<byte[]> Digests { get; } = [];
}

/// <summary>
/// Fills the conversation store from JSON Lines, in two passes (docs/adr/0031). The first reads all of the input and writes nothing. Any
/// fault refuses the input and names the line. The second stores it in batches of one transaction each. A conversation that comes twice is
/// stored once, be it in one batch, in one input or in two imports at once. So an interrupted import is simply run again.
/// </summary>
/// <param name="keys">The keys to open the lists of erased conversations, which stay out (docs/adr/0032).</param>
/// <param name="database">The database, as the service's role.</param>
/// <param name="time">The clock. A conversation that has not begun yet is a mistake.</param>
public sealed class ConversationImport(NpgsqlDataSource database, IDocumentStore store, KeyFolder keys, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ImportBots _bots = new(database, time ?? TimeProvider.System);

    /// <summary>The first pass.</summary>
    /// <param name="source">JSON Lines, see <see cref="ImportLine"/>, gzip or not.</param>
    /// <param name="asBot">The bot to store a line's conversations for. Null for the bot that the line names.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ImportException">A line cannot be imported.</exception>
    /// <exception cref="ImportInterruptedException">The database or a disk failed.</exception>
    public async Task<CheckedImport> CheckAsync(
        ImportSource source, Func<string, string>? asBot, Action<ImportPhase, long>? progress, CancellationToken cancel)
    {
        try
        {
            var check = new CheckedImport(source, asBot);
            var seen = new SeenConversations();
            using var batches = new ImportBatches(await source.LinesAsync(cancel), _bots, asBot);
            await using var connection = await database.OpenConnectionAsync(cancel);
            while (await batches.NextAsync(cancel) is { } batch)
            {
                for (var i = 0; i < batch.Conversations.Count; i++)
                {
                    var one = batch.Conversations[i];
                    check.Bots.Add(one.BotId);
                    seen.Add(check.Hash.Of(one.BotId, one.ConversationId), one.Digest, batch.Lines[i]);
                }
                await RefuseOtherContentAsync(connection, batch, cancel);
                check.Digests.Add(batch.Digest);
                progress?.Invoke(ImportPhase.Checking, batch.LastLine);
            }
            if (check.Digests.Count == 0)
                throw new ImportException("the input", "there is no conversation in it");
            return seen.FindDifferent() is { } pair
                ? throw new ImportException($"line {pair.Line}", $"line {pair.Earlier} has the same conversation, with other content")
                : check;
        }
        catch (Exception e) when (e is NpgsqlException or IOException)
        {
            throw new ImportInterruptedException(linesIn: 0, e);
        }
    }

    /// <summary>The second pass.</summary>
    /// <param name="check">The result of the first pass.</param>
    /// <param name="again">Takes erased conversations too, and records that. Null to leave them out.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ImportException">
    /// The input has changed, somebody stored other content meanwhile, or nobody can tell what was erased.
    /// </exception>
    /// <exception cref="ImportInterruptedException">The database, a disk or the keys failed, and not the input.</exception>
    public async Task<ImportResult> StoreAsync(
        CheckedImport check, TakeAgain? again, Action<ImportPhase, long>? progress, CancellationToken cancel)
    {
        var totals = new ImportTotals();
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            var erased = new ErasedConversations(keys, check.Hash, check.Bots);
            await erased.LoadAsync(connection, count => progress?.Invoke(ImportPhase.ReadingErased, count), cancel);
            var (kept, leftOut) = (new BatchStore(store, erased, again, _time), new LineNumbers());
            kept.RefuseUnreadable();
            using var batches = new ImportBatches(await check.Source.LinesAsync(cancel), _bots, check.AsBot);
            var number = 0;
            while (await NextAgainAsync(batches, cancel) is { } batch)
            {
                // Before anything of it is stored: what was not checked does not get in.
                if (number == check.Digests.Count || !batch.Digest.AsSpan().SequenceEqual(check.Digests[number++]))
                    throw Changed();
                totals = Add(totals, batch, await kept.StoreAsync(connection, batch, cancel), leftOut);
                progress?.Invoke(ImportPhase.Storing, totals.Lines);
            }
            return number == check.Digests.Count ? new ImportResult(totals with { Lines = batches.Line }, leftOut, erased.Unreadable)
                : throw Changed();
        }
        catch (ImportException e)
        {
            throw e.After(totals.Lines);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new ImportInterruptedException(totals.Lines, e);
        }
    }

    /// <exception cref="ImportException">The input was changed: the first pass could still read it.</exception>
    private static async Task<ImportBatch?> NextAgainAsync(ImportBatches batches, CancellationToken cancel)
    {
        try
        {
            return await batches.NextAsync(cancel);
        }
        catch (ImportException)
        {
            throw Changed();
        }
    }

    private static ImportException Changed() => new("the input", "it was changed while it was imported");

    private static ImportTotals Add(ImportTotals totals, ImportBatch batch, BatchStore.Stored stored, LineNumbers leftOut)
    {
        foreach (var line in stored.LeftOut)
            leftOut.Add(line);
        return new ImportTotals(
            batch.LastLine, totals.Imported + stored.Added,
            totals.AlreadyThere + batch.Conversations.Count - stored.Added - stored.LeftOut.Count,
            totals.Items + stored.Items, totals.LeftOut + stored.LeftOut.Count, totals.TakenAgain + stored.TakenAgain);
    }

    private static async Task RefuseOtherContentAsync(NpgsqlConnection connection, ImportBatch batch, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        BatchStore.RefuseOtherContent(batch, await KnownConversations.ReadAsync(connection, batch.Conversations, cancel));
    }
}
