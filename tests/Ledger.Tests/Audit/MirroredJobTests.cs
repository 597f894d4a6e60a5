using System.Runtime.CompilerServices;
using Ledger.Audit;
using Ledger.Audit.Mirror;
using Ledger.Contracts.Jobs;
using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Audit;

/// <summary>An audit holds a job to every rule that an erasure proof is held to: here of a mirror, which is nothing but entries.</summary>
public sealed class MirroredJobTests : IDisposable
{
    private static readonly SampleJob s_job = SampleJobs.Retried;
    private static readonly byte[] s_other = SampleJob.Commit(17);

    /// <summary>Jobs as no ledger records them, and what the audit calls it.</summary>
    private static readonly Dictionary<string, (SampleJob Job, string Kind)> s_forgeries = new(StringComparer.Ordinal)
    {
        ["an event of an unknown type"] = (s_job.Inserting(4, "conversation_vanished", "{}"), "EventUnknown"),
        ["an event of an unknown type at the end"] = (s_job.Inserting(9, "conversation_vanished", "{}"), "JobRule"),
        ["an outcome after the end"] = (s_job.Edited(all => [.. all, Deleted(0, s_other, 2)]), "JobRule"),
        ["a plan after the end"] = (s_job.Edited(all => [.. all, all[1]]), "JobRule"),
        ["another end"] = (s_job.Edited(all => [.. all, all[^1]]), "JobRule"),
        ["an orphan with attempt -3 and ordinal -1"] = (Inserted(8, Deleted(-1, s_other, -3)), "JobRule"),
        ["an ordinal below 0"] = (Inserted(8, Deleted(-1, s_other, 2)), "JobRule"),
        ["an ordinal outside the list"] = (Inserted(8, Deleted(3, s_other, 2)), "JobRule"),
        ["a skip outside the list"] = (Inserted(8, (new ConversationSkipped(s_other, 7, SkipReason.NotFound), At(7))), "JobRule"),
        ["an outcome twice"] = (Inserted(8, s_job.Events[7]), "JobRule"),
        ["an outcome before the start"] = (Inserted(2, Deleted(0, SampleJob.Commit(0), 1)), "JobRule"),
        ["an outcome before the plan"] = (Inserted(1, Deleted(0, SampleJob.Commit(0), 1)), "JobRule"),
        ["an attempt that was never planned"] = (s_job.With<ConversationDeleted>(e => e with { Attempt = 4 }), "JobRule"),
        ["attempt 0"] = (s_job.With<ConversationDeleted>(e => e with { Attempt = 0 }), "JobRule"),
        ["a failure of attempt 5"] = (s_job.With<Failed>(e => e with { Attempt = 5 }), "JobRule"),
        ["a plan of attempt 5"] =
            (s_job.Edited(all => all.Select((e, i) => i == 6 ? (((Scheduled)e.Event) with { Attempt = 5 }, e.At) : e)), "JobRule"),
        ["a second start"] = (Inserted(3, s_job.Events[2]), "JobRule"),
        ["a reason with count 0 in place of the real one"] = (Skipping(new() { [SkipReason.Retention] = 0 }), "JobRule"),
        ["a reason with count 0 beside the real one"] = (Skipping(new() { [SkipReason.LegalHold] = 0, [Reason] = 1 }), "JobRule"),
        ["a count below 0"] = (Skipping(new() { [SkipReason.LegalHold] = -1, [Reason] = 2 }), "JobRule"),
        ["another reason than the outcome's"] = (Skipping(new() { [SkipReason.LegalHold] = 1 }), "JobRule"),
        ["a reason that is none"] = (Skipping(new() { [(SkipReason)77] = 1 }), "EventUnreadable"),
        ["a skip for a reason that is none"] =
            (s_job.With<ConversationSkipped>(e => e with { Reason = (SkipReason)77 }), "EventUnreadable"),
        ["too many deleted"] = (s_job.With<Completed>(e => e with { Deleted = 3, Conversations = 4 }), "JobRule"),
        ["a deletion that was not confirmed"] = (s_job.With<ConversationDeleted>(e => e with { ConfirmedAbsent = false }), "JobRule"),
        ["'completed' with a failed conversation"] =
            (s_job.Edited(all => [.. all.Take(6), (((Completed)all[8].Event) with { Deleted = 1, Failed = 1 }, all[5].At)]), "JobRule"),
        ["a retry of another conversation"] =
            (s_job.Edited(all => all.Select((e, i) => i == 7 ? Deleted(1, SampleJob.Commit(1), 2) : e)), "JobRule"),
        ["a list that is not the requested one"] =
            (s_job.With<Submitted>(e => e with { Commitments = [.. e.Commitments.Take(2), s_other] }), "JobRule"),
        ["a list that is not the one committed to"] = (s_job.With<Started>(e => e with { ManifestRoot = s_other }), "JobRule"),
        ["an end without an outcome of all"] = (s_job.Edited(all => [.. all.Take(4), all[8]]), "JobRule"),
        ["a member that no event has"] =
            (Rewritten(3, data => data.Replace("\"ordinal\"", "\"x\":1,\"ordinal\"", StringComparison.Ordinal)), "EventUnreadable"),
        ["an event without its members"] = (s_job.Inserting(4, "conversation_deleted", "{}"), "EventUnreadable"),
        ["an event that is no object"] = (s_job.Inserting(4, "conversation_deleted", "[7]"), "EventUnreadable"),
        ["a bot's event"] = (s_job.Inserting(4, "grant_revoked", """{"actor":"a","bot":"st-1","client":"c"}"""), "EventUnreadable"),
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-mirrored-job-").FullName;

    public static TheoryData<string> Forgeries() => [.. s_forgeries.Keys];

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_job_that_no_ledger_records_is_a_finding(string forgery)
    {
        var (job, kind) = s_forgeries[forgery];
        var report = await AuditAsync(job);
        Assert.Contains(kind, report.Findings.Select(finding => finding.Kind.ToString()));
    }

    [Fact]
    public async Task Jobs_as_the_ledger_records_them_hold()
    {
        var failing = Enumerable.Repeat(3, 12);
        foreach (var job in new[]
        {
            s_job, SampleJobs.Unresolved(), SampleJobs.CancelledAtOnce(), SampleJobs.Of(7, true, [1, 1, 4]),
            SampleJobs.Of(3, true, failing), SampleJobs.Of(0, true, []),
            SampleJobs.Of(9, false, [7, 3, 2, 14, 3, 1, 7, 3, 3, 1]),
        })
        {
            for (var events = 1; events <= job.Events.Count; events++)
            {
                var report = await AuditAsync(job.Edited(all => all.Take(events)));
                Assert.True(report.Findings.Count == 0, string.Join('\n', report.Findings));
            }
        }
    }

    [Fact]
    public async Task What_follows_an_event_of_an_unknown_type_is_held_to_the_rules_all_the_same()
    {
        var report = await AuditAsync(s_job.With<Completed>(e => e with { Deleted = 1 }).Inserting(4, "conversation_vanished", "{}"));
        Assert.Equal(["EventUnknown", "JobRule"], report.Findings.Select(finding => finding.Kind.ToString()));
        Assert.Contains("conversation_vanished", report.Findings[0].Found, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static SkipReason Reason => ((ConversationSkipped)s_job.Events[4].Event).Reason;

    private static DateTimeOffset At(int place) => s_job.Events[place].At;

    private static (JobEvent Event, DateTimeOffset At) Deleted(long ordinal, byte[] commitment, int attempt) =>
        (new ConversationDeleted(commitment, ordinal, ItemCounts.None, attempt, ConfirmedAbsent: true), At(attempt == 1 ? 3 : 7));

    private static SampleJob Inserted(int place, (JobEvent, DateTimeOffset) one) =>
        s_job.Edited(all => [.. all.Take(place), one, .. all.Skip(place)]);

    private static SampleJob Skipping(Dictionary<SkipReason, long> counts) => s_job.With<Completed>(e => e with { Skipped = counts });

    private static SampleJob Rewritten(int place, Func<string, string> rewrite) => new(s_job.Events)
    {
        Id = s_job.Id,
        Stored = [.. s_job.Stored.Select((e, i) => i == place ? (e.Type, rewrite(e.Data), e.At) : e)],
    };

    private async Task<AuditReport> AuditAsync(SampleJob job)
    {
        var mirror = new MirrorFolder(Directory.CreateDirectory(Path.Combine(_folder, Path.GetRandomFileName())).FullName);
        await new LogExport(new OneJob(ProofLog.Of(job, [])), mirror, [ProofLog.Key.Verifier]).RunAsync(null, CancellationToken.None);
        return await MirrorAudit.RunAsync(mirror, new AuditRequest { Keys = [ProofLog.Key.Verifier] }, CancellationToken.None);
    }

    /// <summary>A log that holds a job's events alone.</summary>
    private sealed class OneJob(ProofLog log) : ILogSource
    {
        public Task<string?> CheckpointAsync(CancellationToken cancel) => Task.FromResult<string?>(log.Note);

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> EntriesAsync(
            long from, long to, [EnumeratorCancellation] CancellationToken cancel)
        {
            foreach (var entry in log.Job.Entries)
                yield return entry;
            await Task.CompletedTask;
        }
    }
}
