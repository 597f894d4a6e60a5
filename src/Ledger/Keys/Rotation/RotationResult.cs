namespace Ledger.Keys.Rotation;

/// <summary>When a rotation is called for.</summary>
public enum RotateWhen
{
    /// <summary>A job was forgotten under the newest epoch, and that is older than <see cref="KeyRotation.Period"/>.</summary>
    Daily,

    /// <summary>A job was forgotten under the newest epoch.</summary>
    Forgotten,

    /// <summary>In any case.</summary>
    Now,
}

/// <summary>What became of a call for a rotation.</summary>
public abstract record RotationResult
{
    private RotationResult() { }

    /// <summary>Nothing that was wrapped under <paramref name="Destroyed"/> can be opened any more, of jobs that were forgotten.</summary>
    /// <param name="Epoch">The newest epoch.</param>
    /// <param name="Destroyed">The epochs whose keys were destroyed now.</param>
    /// <param name="At">An instant after that.</param>
    public sealed record Rotated(int Epoch, IReadOnlyList<int> Destroyed, DateTimeOffset At) : RotationResult;

    /// <param name="Epoch">The newest epoch.</param>
    /// <param name="OpenedAt">Since when.</param>
    /// <param name="Forgotten">Jobs that were forgotten since.</param>
    public sealed record NotDue(int Epoch, DateTimeOffset OpenedAt, long Forgotten) : RotationResult;

    /// <summary>Another process is at it.</summary>
    public sealed record Busy : RotationResult;
}
