using System.Diagnostics;

namespace Ledger.SystemTests.Execution;

/// <summary>
/// Stops a piece of work before one of its statements, and does something else meanwhile. The driver tells of each statement that it
/// begins, in the flow that begins it. So another flow's statements are not counted.
/// </summary>
internal sealed class EveryStatement : IDisposable
{
    private readonly AsyncLocal<Place?> _place = new();
    private readonly ActivityListener _listener;

    public EveryStatement()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = _ => _place.Value?.Statement(),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Does the work, and before its statement with this number, from 1, the other thing.</summary>
    /// <returns>False if the work has fewer statements. Then the other thing is not done.</returns>
    public async Task<bool> RunAsync(int number, Func<Task> work, Func<Task> meanwhile)
    {
        var place = new Place(number, meanwhile);
        _place.Value = place;
        try
        {
            await work();
        }
        finally
        {
            _place.Value = null;
        }
        return place.IsReached;
    }

    private sealed class Place(int number, Func<Task> meanwhile)
    {
        private int _statements;

        public bool IsReached => _statements >= number;

        public void Statement()
        {
            if (Interlocked.Increment(ref _statements) != number)
                return;
            // The work stands still here. What is done meanwhile is no part of its flow.
            using (ExecutionContext.SuppressFlow())
                Task.Run(meanwhile).GetAwaiter().GetResult();
        }
    }
}
