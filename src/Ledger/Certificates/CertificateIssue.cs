using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Certificates;

/// <summary>
/// A certificate as a function of a job's record, the log's key, the service's addresses and the instant; of nothing else.
/// </summary>
internal static class CertificateIssue
{
    /// <param name="record">The job.</param>
    /// <param name="key">The log's, which signed the checkpoint.</param>
    /// <param name="proof">The address of the job's proof.</param>
    /// <param name="verifyPage">The address where a browser checks it.</param>
    /// <param name="tool">The program that issues it, with its version.</param>
    /// <param name="at">When.</param>
    /// <exception cref="ContradictoryRecordException">The record contradicts itself: nothing is certified.</exception>
    public static Certificate Of(JobRecord record, NoteVerifier key, string proof, string verifyPage, string tool, DateTimeOffset at)
    {
        RecordCheck.Check(record);
        var (submitted, submittedAt) = record.Submitted;
        var (end, endedAt) = record.Ended;
        var started = record.Started;
        var (conclusion, headline) = JobReports.Conclude(end);
        var log = Log(record, key);
        return new Certificate(
            record.Job.Id, conclusion, headline, end.Outcome, at,
            new CertifiedRequest(
                submitted.Client, submitted.Bot, submitted.RequestType,
                submitted.RequestType == RequestType.ConversationIds ? submitted.Commitments.Count : null,
                started?.Start.From ?? submitted.From, submitted.To, started?.Start.RetainedFrom),
            new CertifiedInstants(
                submittedAt, started?.At, record.Deletions.Count == 0 ? null : record.Deletions.Min(count => count.FirstAt),
                record.Deletions.Count == 0 ? null : record.Deletions.Max(count => count.LastAt), endedAt),
            record.Events.Select(e => e.Event).OfType<Scheduled>().Last().Attempt,
            new CertifiedConversations(
                end.Conversations, end.Deleted, end.Skipped.Values.Sum(), end.Failed,
                end.Conversations - (end.UntouchedFrom ?? end.Conversations)),
            end.Items,
            record.Skipped(),
            record.Failed(),
            FailedAttempts(record),
            Windows(record),
            CertificateWords.Method(end),
            log,
            CertificateWords.Sanitization(submitted, end, tool),
            CertificateWords.NotProven(conclusion, submitted, end, log),
            new Verifying(proof, verifyPage, $"erasure-verify {record.Job.Id}.erasure-proof --key \"$(cat log.vkey)\"")
        );
    }

    private static SortedDictionary<FailureReason, long> FailedAttempts(JobRecord record) =>
        new(
            record
                .Events.Select(e => e.Event)
                .OfType<Failed>()
                .GroupBy(failed => failed.Reason)
                .ToDictionary(group => group.Key, group => group.LongCount())
        );

    /// <summary>
    /// The plans under which something happened: the list was fixed, a conversation got its outcome, or the attempt failed.
    /// </summary>
    private static List<CertifiedWindow> Windows(JobRecord record)
    {
        var windows = new List<CertifiedWindow>();
        var outcomes = record.Outcomes.ToLookup(count => count.Plan);
        var plan = 0;
        for (var i = 0; i < record.Events.Count; i++)
        {
            if (record.Events[i].Event is not Scheduled scheduled)
                continue;
            plan++;
            if (outcomes.Contains(plan) || record.Events[i + 1].Event is Started or Failed)
                windows.Add(Window(scheduled, [.. outcomes[plan]]));
        }
        return windows;
    }

    private static CertifiedWindow Window(Scheduled plan, List<OutcomeCount> counts)
    {
        long Count(OutcomeKind kind) => counts.Where(count => count.Kind == kind).Sum(count => count.Count);
        return new CertifiedWindow(
            plan.Window.Name, plan.Window.Cron, plan.Window.TimeZone, plan.Window.Opens, plan.Window.Closes, plan.Attempt, plan.Reason,
            plan.PlannedAt, Count(OutcomeKind.Deleted), Count(OutcomeKind.Skipped), Count(OutcomeKind.Failed),
            counts.Count == 0 ? null : counts.Min(count => count.FirstAt), counts.Count == 0 ? null : counts.Max(count => count.LastAt));
    }

    private static CertifiedLog Log(JobRecord record, NoteVerifier key)
    {
        var (checkpoint, runs) = (record.Job.Checkpoint, record.Runs);
        var others = SignedNote
            .Parse(record.Job.Note)
            .Signatures.Where(signature => signature.Name != key.Name || signature.KeyId != key.KeyId);
        return new CertifiedLog(
            checkpoint.Origin, key.ToString(), new CertifiedLeaves(runs.First, runs.End, runs.Events, runs.Runs, runs.Ranges),
            checkpoint.Size, checkpoint.Root, record.SignedAt, record.Job.Note,
            [.. others.Select(signature => new Cosigned(signature.Name, signature.KeyId.ToString("x8"), TimeOf(signature)))]);
    }

    private static DateTimeOffset? TimeOf(NoteSignature signature)
    {
        try
        {
            return Cosignature.At(signature);
        }
        catch (FormatException)
        {
            return null; // a signature of another kind: it is the witness's business
        }
    }
}
