namespace Ledger.Notifications;

/// <summary>
/// When a notification that failed is tried again: the example schedule of Standard Webhooks ("Deliverability and reliability"). Ten
/// attempts within three days and a bit.
/// </summary>
public static class RetrySchedule
{
    /// <summary>Added to each delay, at most: what failed together does not come back together.</summary>
    private const double MostSpread = 0.1;

    /// <summary>After the first attempt, after the second, and so on. After the last of them comes the last attempt.</summary>
    public static IReadOnlyList<TimeSpan> Delays { get; } =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    public static int Attempts => Delays.Count + 1;

    /// <summary>How long to wait after so many attempts; null: give up.</summary>
    /// <param name="delays">The schedule.</param>
    /// <param name="attempts">1 or more.</param>
    /// <param name="notification">Spreads the delays: its bytes are a hash's.</param>
    public static TimeSpan? DelayAfter(IReadOnlyList<TimeSpan> delays, int attempts, Guid notification) =>
        attempts > delays.Count ? null : delays[attempts - 1] * Spread(attempts, notification);

    /// <summary>From 1 to 1.1.</summary>
    internal static double Spread(int attempts, Guid notification) =>
        1 + MostSpread * notification.ToByteArray()[attempts % 6] / byte.MaxValue;
}
