using Ledger.Keys;

namespace Ledger.Execution;

/// <summary>How deletions run.</summary>
public sealed record ExecutionOptions
{
    /// <summary>Conversations of one batch, at most; never more than a manifest row's <see cref="Manifest.RowSize"/>.</summary>
    public int BatchSize { get; init; } = Manifest.RowSize;

    /// <summary>How long after an attempt the first, second and third retry are due.</summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; init; } = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];

    /// <summary>How long after the attempt before it an attempt is due, from the second on.</summary>
    public TimeSpan DelayBefore(int attempt) => RetryDelays[Math.Min(attempt - 1, RetryDelays.Count) - 1];
}
