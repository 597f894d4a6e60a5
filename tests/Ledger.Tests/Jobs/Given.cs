using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Engine;
using Ledger.Jobs;
using Ledger.Projections.Jobs;
using Ledger.Windows;

namespace Ledger.Tests.Jobs;

/// <summary>Given a job's events, when a command comes, then these events follow, nothing does, or it is rejected.</summary>
internal sealed record Given(IReadOnlyList<JobEvent> Events)
{
    public static readonly DateTimeOffset Noon = new(2026, 5, 8, 12, 0, 0, TimeSpan.Zero);
    public static readonly Submitted Request = new(
        "st-1", RequestType.ConversationIds, [Commitment(0), Commitment(1), Commitment(2)], "cs-1");

    /// <summary>The first plan, and the ones that retries are planned by.</summary>
    public static readonly Plan First = Plan(0), Later = Plan(24), Retry = Plan(25);

    public static Given NoJob => new([]);

    /// <summary>Accepted, planned, its list not resolved.</summary>
    public static Given AWaitingJob => new([Request, new Scheduled(First.PlannedAt, First.Window, ScheduleReason.OffPeak, 1)]);

    /// <summary>Its list of three resolved.</summary>
    public static Given AStartedJob => AWaitingJob.And(Started(1, 3));

    /// <summary>In its second attempt: ordinal 1 failed, the others are deleted.</summary>
    public static Given ARetriedJob => AStartedJob.When(new RecordOutcomes(1, [Deleted(0), Failed(1), Deleted(2)], Retry));

    public static Given AnEndedJob => AStartedJob.When(new RecordOutcomes(1, [Deleted(0), Deleted(1), Deleted(2)], Retry));

    public static Plan Plan(int hours)
    {
        var at = Noon.AddHours(hours);
        return new Plan(at, new PlannedWindow("night", "0 0 * * * ?", "UTC", at, at.AddHours(1)));
    }

    public static byte[] Commitment(long ordinal) => [.. Enumerable.Repeat((byte)ordinal, 32)];

    public static Started Started(int attempt, long conversations) =>
        new(attempt, conversations, Commitment(9), From: null, RetainedFrom: null);

    public static Outcome Deleted(long ordinal) => new Outcome.Deleted(ordinal, Commitment(ordinal), new ItemCounts(Messages: 2, Logs: 1));

    public static Outcome Skipped(long ordinal) => new Outcome.Skipped(ordinal, Commitment(ordinal), SkipReason.NotFound);

    public static Outcome Failed(long ordinal) => new Outcome.Failed(ordinal, Commitment(ordinal), FailureReason.StoreRefused);

    public static Start StartOf(int attempt, long conversations) => new(attempt, conversations, Commitment(9), null, null);

    public Job? Job => Fold(null, Events);

    /// <summary>A job after more events, whatever their versions and instants.</summary>
    public static Job? Fold(Job? job, IEnumerable<JobEvent> events) =>
        events.Aggregate(job, (so, @event) => JobFold.Apply(so, default, @event, version: 1, Noon));

    public Given And(params IReadOnlyList<JobEvent> events) => new([.. Events, .. events]);

    public Decision<JobEvent> Decide(JobCommand command) => JobDecisions.Decide(Job, command);

    public Given When(JobCommand command) => And(Decide(command).Events);

    /// <summary>The events as text: records hold arrays, which compare by reference.</summary>
    public void Then(JobCommand command, params JobEvent[] expected)
    {
        var decision = Decide(command);
        Assert.Null(decision.Rejection?.Message);
        Assert.Equal(expected.Select(Text), decision.Events.Select(Text));
    }

    public void ThenRejected(JobCommand command, string why)
    {
        var decision = Decide(command);
        Assert.Empty(decision.Events);
        Assert.Equal(why, decision.Rejection?.Message);
    }

    private static string Text(JobEvent @event) => $"{EventType.Of(@event).Name} {EventType.Of(@event).Write(@event)}";
}
