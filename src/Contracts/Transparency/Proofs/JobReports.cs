using System.Globalization;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Reports on a job's proof, in plain words.</summary>
public static class JobReports
{
    internal static JobReport Of(JobHistoryCheck job, LogFacts log, LeafRange leaves, string? cId, long disclosed)
    {
        var (request, end) = (job.Submitted!, job.Completed!);
        var (conclusion, headline) = Conclude(end);
        var report = new JobReport(
            conclusion, headline, job.Job.ToString(), log, leaves, request.Bot, request.Client, request.RequestType, cId,
            job.Started?.From ?? request.From, request.To, job.Started?.RetainedFrom, end.Outcome, job.Attempt, end.Conversations,
            end.Deleted, end.Failed, end.Skipped, end.Conversations - job.Attempts.Cursor, end.Items, job.SubmittedAt, job.StartedAt,
            job.FirstDeletedAt, job.LastDeletedAt, job.CompletedAt, job.Openings, disclosed, job.Version)
        {
            Proven = [],
            NotProven = [],
            Case = job.Case.Fact,
        };
        return report with
        {
            Proven = [.. Proven(report, job)],
            NotProven = [.. NotProven(report.Conclusion, report.RequestType, report.Conversations, report.Disclosed, report.Log)],
        };
    }

    /// <summary>The end of a job, in a sentence. It begins with the word ERASED only if everything was erased.</summary>
    /// <param name="end">The job's last event.</param>
    public static (Conclusion Conclusion, string Headline) Conclude(Completed end)
    {
        var left = end.Conversations - end.Deleted;
        var count =
            $"{Number(end.Deleted)} of the {Number(end.Conversations)} conversations on the job's list {Were(end.Deleted)} erased, "
            + $"{Number(left)} {Were(left)} not";
        return end switch
        {
            { Outcome: JobOutcome.Failed, Conversations: 0 } => (
                Conclusion.NotCompleted, "NOT ERASED: the job failed before it knew what to erase. Nothing was erased."),
            { Outcome: JobOutcome.Failed } => (Conclusion.NotCompleted, $"NOT COMPLETELY ERASED: the job failed. {count}."),
            { Outcome: JobOutcome.Cancelled, Deleted: 0 } => (
                Conclusion.NotCompleted, "NOT ERASED: the job was cancelled. Nothing was erased."),
            { Outcome: JobOutcome.Cancelled } => (Conclusion.NotCompleted, $"NOT COMPLETELY ERASED: the job was cancelled. {count}."),
            { Conversations: 0 } => (Conclusion.NothingErased, "NOTHING WAS ERASED: the job found no conversation to erase."),
            { Deleted: 0 } => (
                Conclusion.NothingErased,
                $"NOTHING WAS ERASED: all {Number(end.Conversations)} conversations on the job's list were skipped "
                + $"({Reasons(end.Skipped)})."
            ),
            _ when left > 0 => (Conclusion.PartlyErased, $"PARTLY ERASED: {count}: skipped ({Reasons(end.Skipped)})."),
            { Conversations: 1 } => (Conclusion.Erased, "ERASED: the one conversation on the job's list was erased."),
            _ => (Conclusion.Erased, $"ERASED: all {Number(end.Conversations)} conversations on the job's list were erased."),
        };
    }

    private static List<string> Proven(JobReport report, JobHistoryCheck job)
    {
        var said = new List<string>();
        said.Add(
            $"The job's record is whole: its {Number(report.Events)} events, from its submission to its end without a gap, are in the log "
                + $"that {report.Log.Origin} signed, and none of them was changed since."
        );
        if (job.Started is not null)
            said.Add("The list of what to erase is in the log before the first deletion, and every place on it has exactly one outcome"
                + (report.Untouched > 0 ? $", but for the last {Number(report.Untouched)}, which were not touched." : "."));
        if (report.Deleted > 0)
            said.Add(
                "Every deletion was recorded within the opening of the window that the job was planned into, and the operator recorded "
                + "that the store was read again and held nothing of the conversation."
            );
        if (report.Disclosed > 0)
            said.Add($"The {Number(report.Disclosed)} conversation ids in the file are the ones that the log's record is of"
                + (report.CId is null ? "." : ", and the channel user is the one of the request."));
        said.AddRange(LogReports.Proven(report.Log));
        return said;
    }

    /// <summary>Facts that a job's record does not show, one sentence each.</summary>
    /// <param name="conclusion">The record's conclusion about the erasure.</param>
    /// <param name="requestType">The kind of request.</param>
    /// <param name="conversations">Identified.</param>
    /// <param name="disclosed">Conversation ids that are shown along with it.</param>
    /// <param name="log">The log, with the witnesses that count.</param>
    public static IReadOnlyList<string> NotProven(
        Conclusion conclusion, RequestType requestType, long conversations, long disclosed, LogFacts log)
    {
        var said = new List<string>();
        if (conclusion != Conclusion.Erased)
            said.Add("That the conversations which the record calls skipped, failed or untouched were erased: by this job they were NOT.");
        said.Add(LogReports.OnlyRecord);
        said.Add("That the list which the job fixed at its start was all that the store held of what was asked for.");
        if (requestType == RequestType.CId && conversations > 1)
            said.Add("That no conversation is on the list twice: only the count of its places is.");
        said.Add("That nothing was deleted before it was recorded: the record shows an order, and the operator writes it.");
        if (disclosed == 0 && conversations > 0)
            said.Add(
                "Whose conversations they were: the file shows no ids (they were withheld, or the job's key is destroyed and nobody can "
                + "show them any more)."
            );
        said.AddRange(LogReports.NotProven(log));
        return said;
    }

    internal static string Reasons(IReadOnlyDictionary<SkipReason, long> skipped) =>
        string.Join(", ", skipped.OrderBy(count => count.Key).Select(count => $"{Number(count.Value)} {ReasonWords.Of(count.Key)}"));

    private static string Were(long count) => count == 1 ? "was" : "were";

    internal static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
