using System.Text;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.SystemTests.Foreign;

/// <summary>Job proofs, judged by our checker and by the Go program's own: both accept, or both refuse.</summary>
[Collection(ForeignChecks.Name)]
public sealed class SecondImplementationTests(ForeignCheck go)
{
    private static readonly Dictionary<string, Func<SampleJob>> s_jobs = new(StringComparer.Ordinal)
    {
        ["retried"] = () => SampleJob.Retried(),
        ["with a case"] = SampleJob.WithCase,
        ["large"] = () => SampleJob.Large(300),
        ["cancelled"] = SampleJob.Cancelled,
        ["cancelled early"] = SampleJob.CancelledEarly,
        ["empty"] = SampleJob.Empty,
        ["exhausted"] = SampleJob.Exhausted,
        ["unresolved"] = SampleJob.Unresolved,
    };

    [SkippableFact]
    public async Task Both_accept_true_proofs()
    {
        ForeignCheck.Required();
        var proofs = new List<(string, string)>();
        foreach (var (name, make) in s_jobs)
        {
            var job = make();
            foreach (var discloses in new[] { true, false })
                proofs.Add(($"{name}, disclosed: {discloses}", await Log(job).JobProofAsync(job, discloses)));
        }
        await AssertBothAsync(true, proofs);
    }

    [SkippableTheory]
    [InlineData("retried")]
    [InlineData("cancelled")]
    public async Task Both_refuse_a_proof_with_any_line_broken(string name)
    {
        ForeignCheck.Required();
        var job = s_jobs[name]();
        var proof = await Log(job).JobProofAsync(job);
        var lines = proof.Split('\n').ToList();
        var witness = lines.FindIndex(line => line.StartsWith("— witness", StringComparison.Ordinal));
        await AssertBothAsync(false, [.. BrokenLines.Of(proof, except: witness)]);
    }

    /// <summary>Histories that the log holds and signed, and that no honest ledger records.</summary>
    private static readonly Dictionary<string, Action<List<(JobEvent Event, DateTimeOffset At)>>> s_lies = new(StringComparer.Ordinal)
    {
        ["an outcome is missing"] = events => events.RemoveAt(3),
        ["the last outcome is missing"] = events => events.RemoveAt(6),
        ["an outcome twice"] = events => events.Insert(4, events[3]),
        ["a retried outcome twice"] = events => events.Insert(9, events[8]),
        ["a retry of what did not fail"] = events => events[8] = events[3],
        ["a failure without a retry"] = events => events.RemoveRange(7, 2),
        ["outcomes in another order"] = events => (events[3], events[4]) = (events[4], events[3]),
        ["no end"] = events => events.RemoveAt(9),
        ["something after the end"] = events => events.Add(events[8]),
        ["no start"] = events => events.RemoveAt(2),
        ["started twice"] = events => events.Insert(3, events[2]),
        ["no submission"] = events => events.RemoveAt(0),
        ["submitted twice"] = events => events.Insert(1, events[0]),
        ["no plan"] = events => events.RemoveAt(1),
        ["deleted before the opening"] = events => events[3] = events[3] with { At = SampleJob.Opens.AddMilliseconds(-1) },
        ["deleted at the closing"] = events => events[6] = events[6] with { At = SampleJob.Opens.AddHours(8) },
        ["planned outside the window"] = events =>
            Change<Scheduled>(events, 1, plan => plan with { PlannedAt = SampleJob.Opens.AddHours(9) }),
        ["not confirmed"] = events => Change<ConversationDeleted>(events, 3, deleted => deleted with { ConfirmedAbsent = false }),
        ["another attempt"] = events => Change<ConversationDeleted>(events, 3, deleted => deleted with { Attempt = 2 }),
        ["another commitment"] = events => Change<ConversationDeleted>(events, 8, deleted => deleted with { Commitment = new byte[32] }),
        ["another list"] = events => Change<Started>(events, 2, started => started with { ManifestRoot = new byte[32] }),
        ["a longer list"] = events => Change<Started>(events, 2, started => started with { Conversations = 5 }),
        ["a request for others"] = events =>
            Change<Submitted>(events, 0, asked => asked with { Commitments = [.. asked.Commitments.Skip(1)] }),
        ["too many deleted"] = events => Change<Completed>(events, 9, end => end with { Deleted = 4 }),
        ["too many items"] = events => Change<Completed>(events, 9, end => end with { Items = new ItemCounts(Messages: 16, Logs: 3) }),
        ["a skip concealed"] = events => Change<Completed>(events, 9, end => end with { Skipped = new Dictionary<SkipReason, long>() }),
        ["skipped for another reason"] = events =>
            Change<Completed>(events, 9, end => end with { Skipped = new Dictionary<SkipReason, long> { [SkipReason.NotFound] = 1 } }),
        ["ended as failed"] = events => Change<Completed>(events, 9, end => end with { Outcome = JobOutcome.Failed }),
        ["ended as cancelled"] = events =>
            Change<Completed>(events, 9, end => end with { Outcome = JobOutcome.Cancelled, UntouchedFrom = 3 }),
    };

    [SkippableFact]
    public async Task Both_refuse_histories_that_are_none()
    {
        ForeignCheck.Required();
        var honest = SampleJob.Retried();
        await AssertBothAsync(true, [("honest", await Log(honest).JobProofAsync(honest, discloses: false))]);
        var proofs = new List<(string, string)>();
        foreach (var (name, lie) in s_lies)
        {
            var job = SampleJob.Retried();
            lie(job.Events);
            proofs.Add((name, await Log(job).JobProofAsync(job, discloses: false)));
        }
        await AssertBothAsync(false, proofs);
    }

    private static void Change<T>(List<(JobEvent Event, DateTimeOffset At)> events, int index, Func<T, JobEvent> change)
        where T : JobEvent => events[index] = events[index] with { Event = change((T)events[index].Event) };

    private static SampleLog Log(SampleJob job)
    {
        var log = new SampleLog();
        log.AddNoise(5);
        log.Add(job, 0, 4);
        log.AddNoise(2);
        log.Add(job, 4);
        log.AddNoise(3);
        return log;
    }

    private async Task AssertBothAsync(bool accept, IReadOnlyList<(string Name, string Text)> proofs)
    {
        var theirs = await go.EachAsync(SampleLog.Vkey, proofs.Select(proof => proof.Text), ForeignCheck.JobProof);
        foreach (var ((name, text), (code, said)) in proofs.Zip(theirs))
        {
            var isRefused = code == 1 && said.StartsWith("DOES NOT HOLD: ", StringComparison.Ordinal);
            Assert.True(code == 0 || (isRefused && !said.Contains("runtime error", StringComparison.Ordinal)), $"{name}: {said}");
            Assert.True((accept, accept) == (await HoldsAsync(text), code == 0), $"{name}: {said}");
        }
    }

    private static async Task<bool> HoldsAsync(string proof)
    {
        try
        {
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(proof));
            await Verification.CheckAsync(stream, Trust.Parse(SampleLog.Vkey, []));
            return true;
        }
        catch (Exception e) when (e is FormatException or InvalidProofException)
        {
            return false;
        }
    }
}
