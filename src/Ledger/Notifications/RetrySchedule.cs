namespace Ledger.Notifications;

/// <summary>
/// When a notification that failed is tried again: the example schedule of Standard Webhooks ("Deliverability and reliability"). Ten attempts within three days and a bit.
/// </summary>
public static class RetrySchedule
{
    /// <summary>Added to each delay, at most: what failed together does not come back together.</summary>
    private const double Spread = 0.1;

    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    public static int Attempts => Delays.Length + 1;

    /// <summary>How long to wait after so many attempts; null: give up.</summary>
    /// <param name="attempts">1 or more.</param>
    /// <param name="notification">Spreads the delays: its bytes are a hash's.</param>
    public static TimeSpan? DelayAfter(int attempts, Guid notification) =>
        attempts > Delays.Length ? null : Delays[attempts - 1] * (1 + Spread * notification.ToByteArray()[attempts % 6] / byte.MaxValue);
}
