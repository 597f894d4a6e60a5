using System.Globalization;
using Ledger.Contracts.Jobs;

namespace Ledger.Notifications.Mail;

/// <summary>
/// The report of a legal hold's end to the owner of a bot, in words. It names the jobs whose erasure is owed again, and no identifier of a
/// conversation or a channel user. The hold's reason is free text, so it is left out.
/// </summary>
internal static class HoldReport
{
    /// <summary>Maximum number of jobs that a mail names.</summary>
    private const int NamedJobs = 100;

    public static CompletionReport Of(string bot, HoldNotice notice)
    {
        var hold = notice.Hold;
        var table = new ReportTable("Legal hold",
        [
            ("Legal hold", hold.HoldId.ToString()), ("Bot", bot),
            ("On", hold.RequestType == RequestType.CId ? "conversations of a channel user (cId)" : "conversations by their ids"),
            ("Placed", Text(hold.PlacedAt)), ("Ended", Text(hold.EndedAt!.Value)), ("How", hold.StatusName),
        ]);
        return new CompletionReport(
            $"Legal hold {hold.StatusName}: {Jobs(notice.JobCount)} owe{(notice.JobCount == 1 ? "s" : "")} erasure again (bot {bot})",
            SummaryOf(notice), notice.JobCount == 0 ? [table] : [table, Owed(notice)], Certificate: null, IsLink: false);
    }

    private static string SummaryOf(HoldNotice notice) => notice.JobCount == 0
        ? "The legal hold has ended. No job had skipped a conversation because of it, so nothing is owed."
        : $"The legal hold has ended. {Jobs(notice.JobCount)} had skipped conversations because of it. Their erasure is owed again. Please "
            + "submit it anew.";

    private static ReportTable Owed(HoldNotice notice) => new("Skipped because of it",
    [
        .. notice.Jobs.Take(NamedJobs).Select(job =>
            (job.JobId.ToString(), $"{Number(job.Conversations)} conversation{(job.Conversations == 1 ? "" : "s")}")),
        .. notice.JobCount > NamedJobs
            ? [("And more", $"{Number(notice.JobCount - NamedJobs)} jobs, which the API's answer for the legal hold names")]
            : Array.Empty<(string, string)>(),
    ]);

    private static string Jobs(long number) => $"{Number(number)} job{(number == 1 ? "" : "s")}";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture);
}
