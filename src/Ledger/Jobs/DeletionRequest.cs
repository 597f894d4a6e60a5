namespace Ledger.Jobs;

/// <summary>A client's request to delete, already checked against contract §1. It holds raw identifiers, so never log it.</summary>
public abstract record DeletionRequest
{
    private DeletionRequest() { }

    /// <summary>These conversations of the bot, 1 to 100, without duplicates.</summary>
    public sealed record ByConversationIds(IReadOnlyList<string> ConversationIds) : DeletionRequest
    {
        public override string ToString() => nameof(ByConversationIds);
    }

    /// <summary>All conversations of a channel user that started within a range, both ends inclusive, whole milliseconds.</summary>
    /// <param name="CId">The channel user.</param>
    /// <param name="From">
    /// The start. Null if it was not sent. Then the start of the job decides: it takes the later of the channel user's creation and the
    /// bot's, or the user's first conversation if that is earlier.
    /// </param>
    /// <param name="To">The end. If it was not sent, the last millisecond of the UTC day of submission.</param>
    public sealed record ByChannelUser(string CId, DateTimeOffset? From, DateTimeOffset To) : DeletionRequest
    {
        public override string ToString() => nameof(ByChannelUser);
    }
}
