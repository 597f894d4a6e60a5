using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>
/// A sink that throws stops the check at the first broken rule. One that returns is told of all, and nothing else is thrown.
/// </summary>
public sealed class JobHistoryCheckTests
{
    /// <summary>Its events: submitted, scheduled, started, deleted 0, skipped 1, failed 2, scheduled, deleted 2, completed.</summary>
    private static readonly SampleJob s_job = SampleJobs.Retried;

    [Fact]
    public void An_honest_history_breaks_no_rule()
    {
        foreach (var job in ChangedJobs.Honest)
            Assert.Empty(Broken(job.Events, isOwnRecord: true));
    }

    [Fact]
    public void Behind_a_broken_rule_the_check_goes_on_and_finds_the_next() => Assert.Equal(
        [
            "the deletion of conversation 0 was not confirmed",
            "conversation 0 has more than one outcome in one attempt, or is not on the list",
            "the deletion of conversation 2 was not confirmed",
            "the counts of the job's last event are not the sums of its outcomes",
        ],
        Broken(s_job.Edited(all =>
        [
            .. all.Take(3), Unconfirmed(all[3]), .. all.Skip(4).Take(2), all[3], all[6], Unconfirmed(all[7]),
            (((Completed)all[8].Event) with { Deleted = 3 }, all[8].At),
        ]).Events));

    [Fact]
    public void One_event_can_break_several_rules() => Assert.Equal(
        [
            "an event of attempt 7 where attempt 1 was planned",
            "the deletion of conversation 0 was not confirmed",
            "conversation 0 was deleted at 2026-05-08T17:00:00.000Z, outside of the window's opening 2026-05-08T18:00:00.000Z to "
            + "2026-05-09T02:00:00.000Z",
        ],
        Broken(s_job.Edited(all => all.Select((e, i) => i != 3 ? e : (
            ((ConversationDeleted)e.Event) with { Attempt = 7, ConfirmedAbsent = false }, SampleJob.Night.AddHours(-1)))).Events));

    /// <summary>What is in its place is counted, though it is wrong, so the end's counts are right.</summary>
    [Fact]
    public void An_event_that_has_no_place_is_counted_nowhere()
    {
        Assert.Equal(
            ["the list of conversations was resolved twice", "a plan that does not follow from what happened before it",
                "conversation 2 has more than one outcome in one attempt, or is not on the list"],
            Broken(s_job.Edited(all =>
                [.. all.Take(3), all[2], all[1], .. all.Skip(3).Take(5), all[7], all[8]]).Events));
        Assert.Equal(
            ["an event follows the job's end", "an event follows the job's end"],
            Broken(s_job.Edited(all => [.. all, all[3], all[8]]).Events));
    }

    [Fact]
    public void Without_its_submission_its_plan_or_its_list_a_history_is_checked_to_its_end()
    {
        Assert.Equal(
            ["a job's first event, and no other, is its submission"], Broken(s_job.Edited(all => all.Skip(1)).Events));
        Assert.Contains(
            "an event of attempt 2 where attempt 0 was planned",
            Broken(s_job.Edited(all => all.Where(e => e.Event is not Scheduled)).Events));
        Assert.Equal(
            ["a conversation has an outcome before the list was resolved", "a conversation has an outcome before the list was resolved",
                "a conversation has an outcome before the list was resolved"],
            Broken(s_job.Edited(all => all.Where(e => e.Event is not Started)).Events).Take(3));
    }

    [Fact]
    public void A_gap_is_told_once()
    {
        var told = new List<string>();
        var check = new JobHistoryCheck(s_job.Id, broken => told.Add(broken.Sentence));
        Add(check, 1, s_job.Events[0]);
        Add(check, 4, s_job.Events[1]);
        Add(check, 5, s_job.Events[2]);
        Assert.Equal(["event 2 of the job is missing: 4 comes in its place"], told);
        Assert.Equal(5, check.Version);
    }

    /// <summary>A proof's rules, which others check too, hold deletions alone to the opening.</summary>
    [Theory]
    [InlineData(4, "conversation 1 was skipped at ")]
    [InlineData(5, "conversation 2 failed at ")]
    public void Other_outcomes_lie_inside_the_opening_by_the_rules_of_the_ledgers_own_record(int at, string told)
    {
        var events = s_job.Edited(all => all.Select((e, i) => i == at ? (e.Event, SampleJob.Night.AddHours(9)) : e)).Events;
        Assert.Empty(Broken(events));
        Assert.StartsWith(told, Assert.Single(Broken(events, isOwnRecord: true)), StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_and_lists_that_differ_are_told_with_both_sides()
    {
        var told = new List<BrokenRule>();
        Run(
            new JobHistoryCheck(s_job.Id, told.Add),
            s_job.With<Completed>(end => end with { Deleted = 1 }).With<ConversationDeleted>(e => e with { Commitment = new byte[32] })
                .Events);
        Assert.Equal(2, told.Count);
        Assert.StartsWith("3 conversations: 2 deleted, 0 failed, 1 skipped", told[0].Expected, StringComparison.Ordinal);
        Assert.StartsWith("3 conversations: 1 deleted, 0 failed, 1 skipped", told[0].Found, StringComparison.Ordinal);
        Assert.Contains("outcomes for the list with the root", told[1].Expected, StringComparison.Ordinal);
        Assert.Contains("manifest root", told[1].Sentence, StringComparison.Ordinal);
    }

    /// <summary>The case comes second. Its deadline only moves to later days, and the first one is no day before the receipt.</summary>
    [Fact]
    public void A_case_is_told_in_its_place_and_its_deadline_only_moves_to_later_days()
    {
        var (received, due) = (new DateOnly(2026, 5, 2), new DateOnly(2026, 6, 2));
        static DeadlineExtended To(DateOnly day) => new(day, "many requests", "cs-1");
        foreach (var (told, extended) in new (CaseRecorded, DeadlineExtended[])[]
        {
            (new(CaseBasis.Other), []), (new(ReceivedOn: received), [To(received), To(due)]), (new(DueOn: due), [To(due.AddDays(1))]),
            (new(CaseBasis.Ccpa, due, due, new byte[32]), []), (new(ReferenceCommitment: new byte[32]), [To(DateOnly.MinValue)]),
        })
            Assert.Empty(Broken(SampleJobs.WithCase(told, extended).Events, isOwnRecord: true));

        const string late = "a deadline was extended to a day that is not later";
        foreach (var (breach, told, extended) in new (string, CaseRecorded, DeadlineExtended[])[]
        {
            ("a case that says nothing", new(), []), ("a case that was due before it was received", new(null, due, received), []),
            (late, new(DueOn: due), [To(due)]), (late, new(ReceivedOn: due), [To(received)]),
            (late, new(CaseBasis.Other), [To(due), To(received)]),
        })
            Assert.Equal([breach], Broken(SampleJobs.WithCase(told, extended).Events));

        const string place = "a job's second event, and no other, can be its case";
        Assert.Equal([place], Broken(SampleJobs.Case.Edited(all => [all[0], all[1], all[1], .. all.Skip(2)]).Events));
        Assert.Equal(
            [place, "the deadline of a job without a case was extended"],
            Broken(SampleJobs.Case.Edited(all => [all[0], all[2], all[1], .. all.Skip(3)]).Events));
    }

    /// <summary>More items than a number can hold are told, and not added up.</summary>
    [Fact]
    public void Counts_of_items_never_overflow()
    {
        var told = Broken(s_job.Edited(all => all.Select(e =>
            e.Event is ConversationDeleted deleted ? (deleted with { Items = new ItemCounts(Jcs.MaxInteger) }, e.At) : e)).Events);
        Assert.Equal(["more items were counted than can be", "the counts of the job's last event are not the sums of its outcomes"], told);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_is_changed_both_sinks_judge_alike_and_nothing_else_is_thrown(bool isOwnRecord)
    {
        var refused = 0;
        for (var seed = 0; seed < 6_000; seed++)
        {
            var events = ChangedJobs.Of(seed);
            var told = Broken(events, isOwnRecord);
            var thrown = Thrown(events, isOwnRecord);
            Assert.True(thrown == told.FirstOrDefault(), $"{seed}: '{thrown}' and '{told.FirstOrDefault()}'");
            refused += thrown is null ? 0 : 1;
        }
        Assert.InRange(refused, 4_000, 5_990);
    }

    private static (JobEvent, DateTimeOffset) Unconfirmed((JobEvent Event, DateTimeOffset At) e) =>
        (((ConversationDeleted)e.Event) with { ConfirmedAbsent = false }, e.At);

    private static string? Thrown(IReadOnlyList<(JobEvent, DateTimeOffset)> events, bool isOwnRecord)
    {
        try
        {
            Run(new JobHistoryCheck(s_job.Id, broken => throw new InvalidProofException(broken.Sentence), isOwnRecord), events);
            return null;
        }
        catch (InvalidProofException e)
        {
            return e.Message;
        }
    }

    private static List<string> Broken(IReadOnlyList<(JobEvent, DateTimeOffset)> events, bool isOwnRecord = false)
    {
        var told = new List<string>();
        Run(new JobHistoryCheck(s_job.Id, broken => told.Add(broken.Sentence), isOwnRecord), events);
        return told;
    }

    private static void Run(JobHistoryCheck check, IReadOnlyList<(JobEvent, DateTimeOffset)> events)
    {
        foreach (var e in events)
            Add(check, check.Version + 1, e);
        check.End();
        check.ExpectWholeManifest();
    }

    private static void Add(JobHistoryCheck check, long version, (JobEvent Event, DateTimeOffset At) e) =>
        check.Add(version, e.At, e.Event);
}
