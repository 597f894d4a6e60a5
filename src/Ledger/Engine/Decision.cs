namespace Ledger.Engine;

/// <summary>
/// The reason that a command was not carried out, for the person who gave it. It is expected, so it is a value and no exception.
/// </summary>
public sealed record Rejection(string Message);

/// <summary>The result of a command: events to append (none if it was carried out before), or a rejection.</summary>
public readonly record struct Decision<TEvent>(IReadOnlyList<TEvent> Events, Rejection? Rejection)
{
    /// <summary>The events of a command that only a bug can get rejected.</summary>
    public IReadOnlyList<TEvent> Accepted() => Rejection is null ? Events : throw new InvalidOperationException(Rejection.Message);

    public static Decision<TEvent> Nothing => new([], null);

    public static Decision<TEvent> Of(params IReadOnlyList<TEvent> events) => new(events, null);

    public static Decision<TEvent> Reject(string message) => new([], new Rejection(message));
}
