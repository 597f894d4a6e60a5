namespace Ledger.Execution;

/// <summary>What a turn works on: its window, and how far it has come.</summary>
/// <param name="window">The window's name.</param>
/// <param name="began">When it began, as <see cref="TimeProvider.GetTimestamp"/> tells it.</param>
/// <param name="claimed">Called once, when the first job was claimed and before it is worked on.</param>
public sealed class Slice(string window, long began, Func<Task> claimed)
{
    /// <summary>The window's name.</summary>
    public string Window { get; } = window;

    /// <summary>When it began.</summary>
    public long Began { get; } = began;

    /// <summary>Steps taken so far, each a transaction on one job.</summary>
    public int Steps { get; private set; }

    /// <summary>A job is claimed.</summary>
    public async Task ClaimedAsync()
    {
        if (Steps++ == 0)
            await claimed();
    }
}
