namespace Ledger.Jobs.Cases;

/// <summary>Days to a deadline in words, for lists and pages. Days are UTC's.</summary>
internal static class Countdown
{
    /// <summary>
    /// <c>3 days left</c>, <c>due today</c> or <c>2 days late</c>; of a job that has ended <c>in time</c> or <c>2 days late</c>.
    /// </summary>
    /// <param name="dueOn">The deadline.</param>
    /// <param name="endedAt">When the job ended. Null if it has not.</param>
    /// <param name="now">The present.</param>
    public static string Text(DateOnly dueOn, DateTimeOffset? endedAt, DateTimeOffset now)
    {
        var left = dueOn.DayNumber - DateOnly.FromDateTime((endedAt ?? now).UtcDateTime).DayNumber;
        return left switch
        {
            < 0 => $"{Days(-left)} late",
            _ when endedAt is not null => "in time",
            0 => "due today",
            _ => $"{Days(left)} left",
        };
    }

    private static string Days(int count) => count == 1 ? "1 day" : $"{count} days";
}
