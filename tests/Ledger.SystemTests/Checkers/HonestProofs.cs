using Ledger.Contracts.Jobs;
using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.SystemTests.Checkers;

/// <summary>What an honest ledger of today writes.</summary>
internal static class HonestProofs
{
    /// <summary>By ids: submitted, scheduled, started, deleted, skipped, failed, scheduled, deleted, completed.</summary>
    public static SampleJob Retried => SampleJobs.Retried;

    /// <summary>By a cId: one is skipped, and one fails in every attempt.</summary>
    public static SampleJob Failed => SampleJobs.Of(2, isCId: true, [2, 3, 3, 3, 3]);

    /// <summary>By a cId: two of seven are deleted.</summary>
    public static SampleJob Cancelled => SampleJobs.Of(7, isCId: true, [1, 1, 4]);

    public static async Task<IReadOnlyList<OddProof>> AllAsync()
    {
        var proofs = new List<OddProof>();
        foreach (
            var (name, job) in new (string, SampleJob)[]
            {
                ("retried", Retried),
                ("failed", Failed),
                ("cancelled", Cancelled),
                ("erased", SampleJobs.Of(3, false, [])),
                ("nothing found", SampleJobs.Of(0, true, [])),
                ("unresolved", SampleJobs.Unresolved()),
                ("cancelled at once", SampleJobs.CancelledAtOnce()),
                ("all skipped", SampleJobs.Of(2, true, [2, 2])),
                ("with a case", SampleJobs.Case),
                ("with a case that has no due date", SampleJobs.WithCase(new CaseRecorded(ReceivedOn: new DateOnly(2026, 5, 2)))),
            }
        )
        {
            proofs.Add(new OddProof(name, Verdict.Holds, await job.FileAsync()));
            proofs.Add(new OddProof($"{name}, ids withheld", Verdict.Holds, await job.FileAsync(isDisclosed: false)));
        }
        // A reason that one of the checkers does not know is found here.
        foreach (var reason in Enum.GetValues<SkipReason>())
        {
            proofs.Add(new OddProof($"skipped: {reason}", Verdict.Holds, await SampleJobs.Skipped(reason).FileAsync()));
            proofs.Add(new OddProof($"outcome skipped: {reason}", Verdict.Holds, await SampleJobs.Skipped(reason).OneAsync(4)));
        }
        foreach (var reason in Enum.GetValues<FailureReason>())
        {
            proofs.Add(new OddProof($"failed: {reason}", Verdict.Holds, await SampleJobs.FailedFirst(reason).FileAsync()));
            proofs.Add(new OddProof($"outcome failed: {reason}", Verdict.Holds, await SampleJobs.FailedFirst(reason).OneAsync(5)));
        }
        foreach (var basis in Enum.GetValues<CaseBasis>())
            proofs.Add(new OddProof($"basis: {basis}", Verdict.Holds, await SampleJobs.WithCase(new CaseRecorded(basis)).FileAsync()));
        foreach (var (at, ordinal) in new[] { (3, 0), (4, 1), (5, 2), (7, 2) })
        {
            proofs.Add(new OddProof($"outcome {at}", Verdict.Holds, await Retried.OneAsync(at, ordinal)));
            proofs.Add(new OddProof($"outcome {at}, id withheld", Verdict.Holds, await Retried.OneAsync(at)));
        }
        return proofs;
    }
}
