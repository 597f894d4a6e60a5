using Ledger.Contracts.Jobs;

namespace Ledger.Conversations;

/// <summary>The outcome of a conversation that the store was told to delete.</summary>
public abstract record StoreOutcome
{
    private StoreOutcome() { }

    /// <summary>It is gone, which the store confirmed by reading again.</summary>
    /// <param name="Items">The items that were removed with it.</param>
    public sealed record Deleted(ItemCounts Items) : StoreOutcome;

    /// <summary>There was none.</summary>
    public sealed record Missing : StoreOutcome
    {
        public static Missing One { get; } = new();
    }

    /// <summary>It is still there, with all that belongs to it.</summary>
    public sealed record Failed(FailureReason Reason) : StoreOutcome;
}

/// <summary>Conversations that are deleted together.</summary>
/// <param name="BotId">The bot that the conversations belong to.</param>
/// <param name="Keys">Their keys in the store, in the order in which they are to be decided.</param>
/// <param name="CId">The channel user whose conversations the job erases; null: the job names conversations.</param>
/// <param name="IsLate">True if it is time to end, with the first outcomes that there are by then (at least one).</param>
public sealed record StoreBatch(string BotId, IReadOnlyList<long> Keys, string? CId, Func<bool> IsLate)
{
    public override string ToString() => nameof(StoreBatch);
}
