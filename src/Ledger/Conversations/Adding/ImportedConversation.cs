namespace Ledger.Conversations.Adding;

/// <summary>A conversation as a line of an import describes it.</summary>
/// <param name="StartedAt">In whole milliseconds.</param>
/// <param name="Digest">Of all but bot and id: see <see cref="ContentDigest"/>.</param>
internal sealed record ImportedConversation(
    string BotId, string ConversationId, string CId, string Channel, DateTimeOffset StartedAt, IReadOnlyList<ImportedItem> Items,
        byte[] Digest)
{
    public int Bytes => Items.Sum(item => item.Body.Length);

    public override string ToString() => nameof(ImportedConversation);
}

/// <param name="Kind">As in the table <c>conversations.items</c>.</param>
/// <param name="Position">Its place among the conversation's items of its kind, from 0.</param>
/// <param name="Body">The item's JSON object, as it was sent.</param>
internal sealed record ImportedItem(short Kind, int Position, DateTimeOffset CreatedOn, byte[] Body)
{
    public override string ToString() => nameof(ImportedItem);
}
