namespace Ledger.Execution;

/// <summary>The work of a turn: its window, and the progress so far.</summary>
/// <param name="window">The window's name.</param>
/// <param name="began">The turn's beginning, as a <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="begun">Called once, after the first step, because then there is work.</param>
public sealed class Slice(string window, long began, Func<Task> begun)
{
    /// <summary>The window's name.</summary>
    public string Window { get; } = window;

    /// <summary>The beginning of the turn.</summary>
    public long Began { get; } = began;

    /// <summary>Steps taken so far, each a transaction on one job.</summary>
    public int Steps { get; private set; }

    /// <summary>Counts a step, after it was taken.</summary>
    public async Task SteppedAsync()
    {
        if (Steps++ == 0)
            await begun();
    }
}
