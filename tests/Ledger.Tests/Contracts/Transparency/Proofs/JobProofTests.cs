using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>A job's proof that should hold does, and says what the events say.</summary>
public sealed class JobProofTests
{
    [Fact]
    public void The_proof_of_any_job_holds_and_its_counts_are_the_jobs() =>
        Prop.ForAll(
                Gen.Choose(0, 203).ListOf().Resize(40).ToArbitrary(),
                Gen.Choose(0, 9).ToArbitrary(),
                Gen.Choose(0, 2).ListOf().Resize(30).ToArbitrary(),
                (numbers, conversations, foreign) =>
                {
                    var isCId = conversations == 0 || numbers.Count % 2 == 0;
                    var job = SampleJobs.Of(conversations, isCId, numbers);
                    var isDisclosed = foreign.Count % 2 == 0;
                    var proof = ProofLog.Of(job, [.. foreign]).JobProofAsync(isDisclosed).GetAwaiter().GetResult();
                    Agrees(job, Checked.JobAsync(proof).GetAwaiter().GetResult(), isDisclosed);
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(100).WithQuietOnSuccess(true));

    private static void Agrees(SampleJob job, JobReport report, bool isDisclosed)
    {
        var end = (Completed)job.Events[^1].Event;
        Assert.Equal(
            (job.Id.ToString(), end.Outcome, end.Conversations, end.Deleted, end.Failed),
            (report.Job, report.Outcome, report.Conversations, report.Deleted, report.Failed));
        Assert.Equal(end.Conversations, report.Deleted + report.Failed + report.Skipped.Values.Sum() + report.Untouched);
        Assert.Equal(end.Items, report.Items);
        Assert.Equal(isDisclosed ? job.Reached : 0, report.Disclosed);
        Assert.Equal(job.Events.Count, report.Events);
        var deletions = job.Events.Where(e => e.Event is ConversationDeleted).Select(e => (DateTimeOffset?)e.At).ToList();
        Assert.Equal((deletions.Min(), deletions.Max()), (report.FirstDeletedAt, report.LastDeletedAt));
        Assert.Equal(
            end is { Outcome: JobOutcome.Completed, Deleted: > 0 } && end.Deleted == end.Conversations,
            report.Headline.StartsWith("ERASED:", StringComparison.Ordinal));
        Assert.Equal(report.Headline.StartsWith("ERASED:", StringComparison.Ordinal), report.Conclusion == Conclusion.Erased);
        Assert.NotEmpty(report.NotProven);
    }

    public static TheoryData<string, string, string> Endings() =>
        new()
        {
            { "all deleted", "Erased", "ERASED: all 3 conversations on the job's list were erased." },
            { "one deleted", "Erased", "ERASED: the one conversation on the job's list was erased." },
            {
                "one skipped",
                "PartlyErased",
                "PARTLY ERASED: 2 of the 3 conversations on the job's list were erased, 1 was not: skipped (1 erased by an "
                + "earlier job)."
            },
            {
                "all skipped",
                "NothingErased",
                "NOTHING WAS ERASED: all 2 conversations on the job's list were skipped (2 erased by an earlier job)."
            },
            { "none found", "NothingErased", "NOTHING WAS ERASED: the job found no conversation to erase." },
            {
                "failed",
                "NotCompleted",
                "NOT COMPLETELY ERASED: the job failed. 1 of the 2 conversations on the job's list was erased, 1 was not."
            },
            { "unresolved", "NotCompleted", "NOT ERASED: the job failed before it knew what to erase. Nothing was erased." },
            {
                "cancelled",
                "NotCompleted",
                "NOT COMPLETELY ERASED: the job was cancelled. 2 of the 7 conversations on the job's list were erased, 5 were not."
            },
            { "cancelled at once", "NotCompleted", "NOT ERASED: the job was cancelled. Nothing was erased." },
        };

    internal static SampleJob Ending(string ending) => ending switch
    {
        "all deleted" => SampleJobs.Of(3, false, []),
        "one deleted" => SampleJobs.Of(1, true, []),
        "one skipped" => SampleJobs.Retried,
        "all skipped" => SampleJobs.Of(2, true, [2, 2]),
        "none found" => SampleJobs.Of(0, true, []),
        "failed" => SampleJobs.Of(2, false, [3, 1, 3, 3, 3]),
        "unresolved" => SampleJobs.Unresolved(),
        "cancelled" => SampleJobs.Of(7, true, [1, 1, 4]),
        "cancelled at once" => SampleJobs.CancelledAtOnce(),
        _ => throw new ArgumentOutOfRangeException(nameof(ending)),
    };

    [Theory]
    [MemberData(nameof(Endings))]
    public async Task A_headline_cannot_be_taken_for_another(string ending, string conclusion, string headline)
    {
        var report = await Checked.JobAsync(await ProofLog.Of(Ending(ending), [2, 1]).JobProofAsync());
        Assert.Equal((conclusion, headline), (report.Conclusion.ToString(), report.Headline));
        Assert.Equal(
            conclusion != "Erased", report.NotProven.Any(sentence => sentence.Contains("they were NOT", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Every_reason_is_told_in_the_words_that_all_share()
    {
        foreach (var reason in Enum.GetValues<SkipReason>())
        {
            var words = ReasonWords.Of(reason);
            Assert.NotEqual(reason.ToString(), words);
            var log = ProofLog.Of(SampleJobs.Skipped(reason), [2, 1]);
            var report = await Checked.JobAsync(await log.JobProofAsync());
            Assert.EndsWith($"1 was not: skipped (1 {words}).", report.Headline, StringComparison.Ordinal);
            var one = await Checked.HoldsAsync(await log.ConversationProofAsync(5, null));
            Assert.EndsWith($"was skipped, {words}.", one.Headline, StringComparison.Ordinal);
        }
        foreach (var reason in Enum.GetValues<FailureReason>())
            Assert.NotEqual(reason.ToString(), ReasonWords.Of(reason));
    }

    [Fact]
    public async Task The_report_says_who_what_when_and_by_whom_it_is_signed()
    {
        var output = new StringWriter();
        ReportText.Write(output, await Checked.HoldsAsync(await ProofLog.Of(SampleJobs.Of(7, true, [1, 1, 4]), [3, 0, 1]).JobProofAsync()));
        var text = output.ToString();
        foreach (
            var fact in new[]
            {
                "Job            cdj-",
                "Bot            st-1",
                "API client cs-1",
                "the channel user u-é \"x\" that started 2025-05-08T18:00:00.000Z to 2026-05-08T18:00:00.000Z",
                "7 identified, 2 erased, 0 skipped, 0 failed, 5 not touched",
                "Submitted      2026-05-08T12:00:01.500Z",
                "night (0 0 18 * * ?, UTC): 2026-05-08T18:00:00.000Z to 2026-05-09T02:00:00.000Z",
                "2 of 2 shown in the file, each checked",
                "log.example/t, 10 leaves",
                "3 to 9, in 2 runs",
                "Signed by      log.example/t+",
                "witness.example/w1 at 2026-05-28T20:26:40.000Z",
                "What this does NOT prove",
                "was all that the store held",
                "backups, replicas and copies",
                "Other instants than the witnesses' own",
            }
        )
        {
            Assert.Contains(fact, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_witnesses_no_instant_is_proven()
    {
        var trust = ProofLog.Trust with { Witnesses = [] };
        var report = await Checked.JobAsync(await ProofLog.Of(SampleJobs.Retried, []).JobProofAsync(), trust);
        Assert.Contains(report.NotProven, sentence => sentence.StartsWith("Any instant", StringComparison.Ordinal));
        Assert.Equal(1, report.Log.OtherSignatures);
    }

    [Fact]
    public async Task A_record_with_an_event_of_an_unknown_type_is_not_proven_and_says_where_the_event_is()
    {
        var job = SampleJobs.Retried.Inserting(4, "conversation_archived", "{\"where\":\"tape\"}");
        var proof = await ProofLog.Of(job, [1]).JobProofAsync();
        var line = proof.Split('\n').ToList().FindIndex(text => text.Contains("tape", StringComparison.Ordinal)) + 1;
        await Checked.NotProvenAsync(proof, $"the event type 'conversation_archived' (line {line})");
    }

    [Fact]
    public async Task What_is_unknown_is_named_once_and_never_in_its_own_words()
    {
        var job = SampleJobs.Retried.Inserting(4, "x", "{}").Stored;
        var stored = new SampleJob(SampleJobs.Retried.Events)
        {
            Stored =
            [
                .. job.Take(5), ("ERASED: all", "{}", job[4].At), ("x", "{}", job[4].At),
                .. Enumerable.Range(0, 30).Select(i => ($"y_{i}", "{}", job[4].At)), .. job.Skip(5),
            ],
        };
        var problem = await Checked.ProblemAsync(await ProofLog.Of(stored, []).JobProofAsync());
        Assert.StartsWith(
            "made by a newer ledger: this program does not know the event type 'x', the event type (not a plain name), the event type "
            + "'y_0', ",
            problem, StringComparison.Ordinal);
        Assert.DoesNotContain("ERASED", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("y_8", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task That_it_is_the_jobs_only_record_is_not_proven()
    {
        var report = await Checked.JobAsync(await ProofLog.Of(SampleJobs.Retried, [1]).JobProofAsync());
        Assert.Contains("That this is the job's only record in the log: another one would not be seen here.", report.NotProven);
        Assert.DoesNotContain(report.Proven, sentence => sentence.Contains("none was left out", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_proof_holds_cannot_pass_for_a_line_of_the_report()
    {
        var job = SampleJobs.Retried.With<Submitted>(submitted => submitted with { Client = "x\nERASED: all\u001b[2J\u202e" });
        var output = new StringWriter();
        ReportText.Write(output, await Checked.HoldsAsync(await ProofLog.Of(job, []).JobProofAsync()));
        Assert.Contains("API client x\uFFFDERASED: all\uFFFD[2J\uFFFD", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task A_proof_may_arrive_in_pieces(int bytes)
    {
        var proof = await ProofLog.Of(SampleJobs.Of(300, true, []), [1, 1, 1]).JobProofAsync();
        using var stream = new Trickle(Encoding.UTF8.GetBytes(proof), bytes);
        Assert.Equal(300, Assert.IsType<JobReport>(await Verification.CheckAsync(stream, ProofLog.Trust)).Deleted);
    }

    private sealed class Trickle(byte[] content, int bytes) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(bytes, buffer.Length)], cancellationToken);
    }
}
