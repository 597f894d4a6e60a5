namespace Ledger.Notifications;

/// <summary>
/// The times when a failed notification is tried again: the example schedule of Standard Webhooks ("Deliverability and reliability"). It
/// makes ten attempts within a little more than three days.
/// </summary>
public static class RetrySchedule
{
    /// <summary>The largest part added to each delay, so that notifications that failed together do not come back together.</summary>
    private const double MostSpread = 0.1;

    /// <summary>The delays after the first attempt, the second, and so on. After the last delay comes the last attempt.</summary>
    public static IReadOnlyList<TimeSpan> Delays { get; } =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    public static int Attempts => Delays.Count + 1;

    /// <summary>The wait after this number of attempts. Null to give up.</summary>
    /// <param name="delays">The schedule.</param>
    /// <param name="attempts">Number of attempts, 1 or more.</param>
    /// <param name="notification">The id that spreads the delays. Its bytes are a hash's.</param>
    public static TimeSpan? DelayAfter(IReadOnlyList<TimeSpan> delays, int attempts, Guid notification) =>
        attempts > delays.Count ? null : delays[attempts - 1] * Spread(attempts, notification);

    /// <summary>The factor for a delay, from 1 to 1.1.</summary>
    internal static double Spread(int attempts, Guid notification) =>
        1 + MostSpread * notification.ToByteArray()[attempts % 6] / byte.MaxValue;
}
