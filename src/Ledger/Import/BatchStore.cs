using Ledger.Contracts.Registry;
using Ledger.Conversations.Adding;
using Ledger.Engine;
using Ledger.Registry;
using Marten;
using Npgsql;

namespace Ledger.Import;

/// <summary>
/// Stores one batch in one transaction. Conversations that are there already are compared, those that were erased before stay out, and the
/// rest is added. Nothing of it is visible before its end.
/// </summary>
/// <param name="store">The event store, which records that erased conversations were taken again.</param>
/// <param name="erased">The erased conversations, which stay out.</param>
/// <param name="again">Takes erased conversations too, except those that are erased while the import runs. Null to leave them out.</param>
/// <param name="time">The clock for those records.</param>
internal sealed class BatchStore(IDocumentStore store, ErasedConversations erased, TakeAgain? again, TimeProvider time)
{
    private const int Attempts = 5;

    /// <summary>The result of storing a batch.</summary>
    /// <param name="Added">Number of new conversations.</param>
    /// <param name="Items">Number of their items.</param>
    /// <param name="LeftOut">Lines whose conversations were erased before.</param>
    /// <param name="TakenAgain">Number of new conversations that were erased before.</param>
    public sealed record Stored(int Added, long Items, IReadOnlyList<long> LeftOut, int TakenAgain);

    /// <exception cref="ImportException">A conversation is there with other content. Somebody stored it since the first pass.</exception>
    public async Task<Stored> StoreAsync(NpgsqlConnection connection, ImportBatch batch, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
                if (await TryAsync(transaction, batch, cancel) is { } stored)
                {
                    await transaction.CommitAsync(cancel);
                    return stored;
                }
                if (attempt == Attempts)
                    throw new ImportException(Lines(batch), "one of its conversations was erased and added by others, again and again");
            }
            catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal))
            {
                // Class 22, data exception. The first pass finds them all; the server's words would quote the value.
                throw new ImportException(Lines(batch), $"one of them holds a value that PostgreSQL cannot store (SQLSTATE {e.SqlState})",
                    cause: e);
            }
        }
    }

    /// <summary>Tries once. Null if conversations that were there are gone, and the batch has to begin again.</summary>
    private async Task<Stored?> TryAsync(StreamTransaction transaction, ImportBatch batch, CancellationToken cancel)
    {
        var connection = transaction.Connection;
        if (again is not null)
            await RegistryStore.LockAsync(connection, [.. batch.Conversations.Select(one => one.BotId).Distinct(StringComparer.Ordinal)],
                cancel);
        var known = await KnownConversations.ReadAsync(connection, batch.Conversations, cancel);
        RefuseOtherContent(batch, known);
        var isOut = batch.Conversations.Select((one, i) => !known.ContainsKey(i) && StaysOut(one)).ToArray();
        var fresh = batch.Conversations.Where((_, i) => !known.ContainsKey(i) && !isOut[i]).DistinctBy(one =>
            (one.BotId, one.ConversationId)).ToList();
        await ConversationAdding.InsertChannelUsersAsync(connection, fresh, cancel);
        var added = await ConversationAdding.InsertConversationsAsync(connection, fresh, cancel);
        if (added.Count < fresh.Count && !await AreThereAsync(connection, batch, fresh, added, cancel))
            return null;
        await erased.LookAgainAsync(connection, cancel);
        RefuseUnreadable();
        var returning = added.Where(one => erased.Contains(one.Conversation)).ToList();
        var back = returning.FindAll(one => StaysOut(one.Conversation));
        var taken = back.Count == 0 ? added : [.. added.Except(back)];
        await ConversationAdding.TakeBackAsync(connection, back, cancel);
        await ConversationAdding.DeleteUnusedUsersAsync(connection, fresh, taken, cancel);
        await ConversationAdding.CopyItemsAsync(connection, taken, cancel);
        await ConversationAdding.InsertAnalyticsAsync(connection, taken, cancel);
        if (again is not null)
            await RecordAsync(transaction, [.. returning.Except(back)], again, cancel);
        var late = back.Select(one => (one.Conversation.BotId, one.Conversation.ConversationId)).ToHashSet();
        return new Stored(
            taken.Count, taken.Sum(one => (long)one.Conversation.Items.Count),
            [.. batch.Lines.Where((_, i) =>
                isOut[i] || late.Contains((batch.Conversations[i].BotId, batch.Conversations[i].ConversationId)))],
            returning.Count - back.Count);
    }

    /// <exception cref="ImportException">
    /// Some list cannot be opened, and the import leaves out erased conversations. Nobody can tell which ones that list erased.
    /// </exception>
    public void RefuseUnreadable()
    {
        if (again is null && erased.Unreadable > 0)
        {
            throw new ImportException(
                "the input",
                $"{erased.Unreadable} rows of jobs' lists cannot be opened with these keys, though nobody forgot them, so nobody can tell "
                + "what was erased with them. `ledger audit` says more. To take everything all the same: --again --reason TEXT");
        }
    }

    private bool StaysOut(ImportedConversation one) => again is null ? erased.Contains(one) : erased.IsLater(one);

    /// <exception cref="ImportException">The store holds another conversation under a line's id.</exception>
    public static void RefuseOtherContent(ImportBatch batch, IReadOnlyDictionary<int, byte[]> known)
    {
        for (var i = 0; i < batch.Conversations.Count; i++)
        {
            if (known.TryGetValue(i, out var stored) && !stored.AsSpan().SequenceEqual(batch.Conversations[i].Digest))
            {
                throw new ImportException(
                    $"line {batch.Lines[i]}",
                    "the store holds this conversation already, with other content, and an import changes nothing that is there");
            }
        }
    }

    /// <summary>True if the conversations that could not be added are there with the same content: another import just added
    /// them.</summary>
    private static async Task<bool> AreThereAsync(
        NpgsqlConnection connection, ImportBatch batch, List<ImportedConversation> fresh, List<AddedConversation> added,
            CancellationToken cancel)
    {
        var lostOnes = fresh.Except(added.Select(one => one.Conversation)).ToHashSet<object>(ReferenceEqualityComparer.Instance);
        var lost = batch with
        {
            Conversations = [.. batch.Conversations.Where(lostOnes.Contains)],
            Lines = [.. batch.Lines.Where((_, i) => lostOnes.Contains(batch.Conversations[i]))],
        };
        var known = await KnownConversations.ReadAsync(connection, lost.Conversations, cancel);
        RefuseOtherContent(lost, known);
        return known.Count == lost.Conversations.Count;
    }

    /// <summary>Records the conversations that are in the store again, and nothing else, in the transaction that takes them.</summary>
    private async Task RecordAsync(
        StreamTransaction transaction, IReadOnlyList<AddedConversation> returning, TakeAgain again, CancellationToken cancel)
    {
        foreach (var bot in returning.GroupBy(one => one.Conversation.BotId, StringComparer.Ordinal).OrderBy(bot =>
            bot.Key, StringComparer.Ordinal))
        {
            var @event = new ErasedConversationsImported(bot.Key, bot.Count()) { Actor = again.Actor, Reason = again.Reason };
            await RegistryStore.RecordAsync(transaction, bot.Key, @event, time.GetUtcNow(), cancel);
        }
    }

    private static string Lines(ImportBatch batch) => $"lines {batch.Lines[0]} to {batch.Lines[^1]}";
}
