namespace Ledger.Engine;

/// <summary>Why a command was not carried out, in words for the person who gave it. Expected, so a value and no exception.</summary>
public sealed record Rejection(string Message);

/// <summary>What a command leads to: events to append (none when it was carried out before), or a rejection.</summary>
public readonly record struct Decision<TEvent>(IReadOnlyList<TEvent> Events, Rejection? Rejection)
{
    /// <summary>The events, where the command cannot be rejected but by a bug.</summary>
    public IReadOnlyList<TEvent> Accepted() => Rejection is null ? Events : throw new InvalidOperationException(Rejection.Message);

    public static Decision<TEvent> Nothing => new([], null);

    public static Decision<TEvent> Of(params IReadOnlyList<TEvent> events) => new(events, null);

    public static Decision<TEvent> Reject(string message) => new([], new Rejection(message));
}
