namespace Ledger.Keys.Rotation;

/// <summary>The condition for a rotation.</summary>
public enum RotateWhen
{
    /// <summary>A job was forgotten under the newest epoch, and the epoch is older than <see cref="KeyRotation.Period"/>.</summary>
    Daily,

    /// <summary>A job was forgotten under the newest epoch.</summary>
    Forgotten,

    /// <summary>In any case.</summary>
    Now,
}

/// <summary>The result of a call for a rotation.</summary>
public abstract record RotationResult
{
    private RotationResult() { }

    /// <summary>The keys were rotated. Of forgotten jobs, nothing wrapped under <paramref name="Destroyed"/> can be opened any
    /// more.</summary>
    /// <param name="Epoch">The newest epoch.</param>
    /// <param name="Destroyed">The epochs whose keys were destroyed now.</param>
    /// <param name="At">An instant after that.</param>
    public sealed record Rotated(int Epoch, IReadOnlyList<int> Destroyed, DateTimeOffset At) : RotationResult;

    /// <param name="Epoch">The newest epoch.</param>
    /// <param name="OpenedAt">The instant since which it is the newest.</param>
    /// <param name="Forgotten">Number of jobs that were forgotten since.</param>
    public sealed record NotDue(int Epoch, DateTimeOffset OpenedAt, long Forgotten) : RotationResult;

    /// <summary>Another process is rotating.</summary>
    public sealed record Busy : RotationResult;
}
