namespace Ledger.Notifications;

/// <summary>The consequence of an attempt for the message that asked for it.</summary>
public abstract record AttemptOutcome
{
    private AttemptOutcome() { }

    /// <summary>There is nothing left to do.</summary>
    public sealed record Done : AttemptOutcome;

    /// <summary>The message is to be handled again.</summary>
    /// <param name="Delay">The time until then.</param>
    public sealed record Again(TimeSpan Delay) : AttemptOutcome;

    /// <summary>No more attempts are made until somebody asks for one.</summary>
    public sealed record GivenUp : AttemptOutcome;

    /// <summary>Another handler has the message.</summary>
    public sealed record Taken : AttemptOutcome;
}
