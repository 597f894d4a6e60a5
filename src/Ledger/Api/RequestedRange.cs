using Ledger.Jobs;

namespace Ledger.Api;

/// <summary>
/// The range of a cId request (contract §1). Both ends are inclusive. Conversations start at whole milliseconds. An end that is finer than
/// that is rounded inwards to the millisecond: <c>startDate</c> up, <c>endDate</c> down.
/// </summary>
/// <param name="From">The start; null if <c>startDate</c> was not sent.</param>
/// <param name="To">The end. If <c>endDate</c> was not sent, it is the end of the UTC day of submission.</param>
internal sealed record RequestedRange(DateTimeOffset? From, DateTimeOffset To)
{
    private const string DateRule =
        "must be a date (2026-05-04) or an instant with Z or an offset (2026-05-04T00:00:00Z, 2026-05-04T02:00:00.000+02:00), in the "
        + "years 0001 to 9999";

    /// <returns>The range; null if there is a problem.</returns>
    public static RequestedRange? Resolve(SentDate startDate, SentDate endDate, DateTimeOffset now, Action<string> problem)
    {
        var from = startDate.IsSent ? SentInstant.Read(startDate.Text, isStart: true) : null;
        var to = endDate.IsSent ? SentInstant.Read(endDate.Text, isStart: false) : SentInstant.EndOf(now.UtcDateTime.Date);
        if (startDate.IsSent && from is null)
            problem($"startDate {DateRule}");
        if (to is null)
            problem($"endDate {DateRule}");
        else if (to.Value.UtcDateTime.Date > now.UtcDateTime.Date)
            problem("endDate must not be in the future: its UTC day is after today's");
        if (from > to)
            problem(
                endDate.IsSent ? "startDate must not be after endDate" : "startDate must not be after today, which endDate is by default");
        return to is null ? null : new RequestedRange(from, to.Value);
    }
}
