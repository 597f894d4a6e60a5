using Ledger.Keys;

namespace Ledger.Execution;

/// <summary>Settings of the deletions.</summary>
public sealed record ExecutionOptions
{
    /// <summary>Maximum number of conversations in a batch. Never more than a manifest row's <see cref="Manifest.RowSize"/>.</summary>
    public int BatchSize { get; init; } = Manifest.RowSize;

    /// <summary>The waits before the first, second and third retry, each counted from the attempt before it.</summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; init; } = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];

    /// <summary>The longest time for a preview. One that takes longer is given up.</summary>
    public TimeSpan LongestPreview { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The wait between the attempt before and this attempt, which is the second or a later one.</summary>
    public TimeSpan DelayBefore(int attempt) => RetryDelays[Math.Min(attempt - 1, RetryDelays.Count) - 1];
}
