namespace Ledger.Jobs;

/// <summary>What a client asked to delete, already checked against contract §1. Holds raw identifiers: never log it.</summary>
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
    /// Null where it was not sent: then, at the start of the job, the later of the channel user's creation and the bot's, or the user's
    /// first conversation if that is earlier.
    /// </param>
    /// <param name="To">The end; the last millisecond of the UTC day of submission where it was not sent.</param>
    public sealed record ByChannelUser(string CId, DateTimeOffset? From, DateTimeOffset To) : DeletionRequest
    {
        public override string ToString() => nameof(ByChannelUser);
    }
}
