namespace Ledger.Notifications;

/// <summary>What follows for a message from an attempt to do what it asks for.</summary>
public abstract record AttemptOutcome
{
    private AttemptOutcome() { }

    /// <summary>There is nothing to do any more.</summary>
    public sealed record Done : AttemptOutcome;

    /// <summary>It is to be handled again.</summary>
    /// <param name="Delay">When.</param>
    public sealed record Again(TimeSpan Delay) : AttemptOutcome;

    /// <summary>No attempt is made any more, until somebody asks for one.</summary>
    public sealed record GivenUp : AttemptOutcome;

    /// <summary>Another handler has the message.</summary>
    public sealed record Taken : AttemptOutcome;
}
