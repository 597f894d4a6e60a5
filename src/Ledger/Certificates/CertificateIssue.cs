using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Certificates;

/// <summary>
/// Makes a certificate from a job's record, the log's key, the service's addresses and the instant, and from nothing else.
/// </summary>
internal static class CertificateIssue
{
    /// <param name="record">The job.</param>
    /// <param name="key">The log's, which signed the checkpoint.</param>
    /// <param name="proof">The address of the job's proof.</param>
    /// <param name="verifyPage">The address where a browser checks it.</param>
    /// <param name="tool">The program that issues it, with its version.</param>
    /// <param name="at">The instant of issue.</param>
    /// <exception cref="ContradictoryRecordException">The record contradicts itself: nothing is certified.</exception>
    public static Certificate Of(JobRecord record, NoteVerifier key, string proof, string verifyPage, string tool, DateTimeOffset at)
    {
        RecordCheck.Check(record);
        var (history, rules, end) = (record.History, record.Rules, record.End);
        var (submitted, started) = (rules.Submitted!, rules.Started);
        var (conclusion, headline) = JobReports.Conclude(end);
        var log = Log(record, key);
        return new Certificate(
            record.Job.Id, conclusion, headline, end.Outcome, at,
            new CertifiedRequest(
                submitted.Client, submitted.Bot, submitted.RequestType,
                submitted.RequestType == RequestType.ConversationIds ? submitted.Commitments.Count : null,
                started?.From ?? submitted.From, submitted.To, started?.RetainedFrom),
            new CertifiedInstants(rules.SubmittedAt, rules.StartedAt, rules.FirstDeletedAt, rules.LastDeletedAt, rules.CompletedAt),
            rules.Attempt,
            new CertifiedConversations(
                end.Conversations, end.Deleted, end.Skipped.Values.Sum(), end.Failed,
                end.Conversations - (end.UntouchedFrom ?? end.Conversations)),
            end.Items,
            new SortedDictionary<SkipReason, long>(rules.Skipped.ToDictionary()),
            history.Failed(),
            history.FailedAttempts(),
            [.. history.Plans.Where(plan => plan.IsUsed).Select(Window)],
            CertificateWords.Method(end),
            log,
            CertificateWords.Sanitization(submitted, end, tool),
            CertificateWords.NotProven(conclusion, submitted, end, log),
            new Verifying(proof, verifyPage, $"erasure-verify {record.Job.Id}.erasure-proof --key \"$(cat log.vkey)\"")
        )
        {
            Case = Case(rules.Case.Fact),
        };
    }

    private static CertifiedCase? Case(CaseFact? told) => told is null ? null : new CertifiedCase(
        told.Basis, told.ReceivedOn, told.FirstDueOn, told.DueOn, told.ReferenceCommitment is not null,
        [.. told.Extensions.Select(one => new CertifiedExtension(one.At, one.DueOn, one.Reason, one.Client))]);

    private static CertifiedWindow Window(RecordedPlan recorded)
    {
        var (plan, window) = (recorded.Plan, recorded.Plan.Window);
        return new CertifiedWindow(
            window.Name, window.Cron, window.TimeZone, window.Opens, window.Closes, plan.Attempt, plan.Reason, plan.PlannedAt,
            recorded.Erased, recorded.Skipped, recorded.Failed.Values.Sum(), recorded.FirstAt, recorded.LastAt);
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
