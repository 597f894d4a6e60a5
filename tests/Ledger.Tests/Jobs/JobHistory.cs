using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Status;
using Ledger.Windows;
using Outcome = Ledger.Jobs.Outcome;

namespace Ledger.Tests.Jobs;

/// <summary>
/// A job's history as generated numbers tell it: each becomes a command that is mostly sensible for the job as it stands, and else stale,
/// premature, misnumbered or repeated. Beside the decisions it keeps what the service keeps: the manifest's outcomes, the status and the
/// queue's state through their JSON.
/// </summary>
internal sealed class JobHistory
{
    private static readonly JobId s_id = JobId.FromRandomness(new byte[32]);

    private readonly List<JobEvent> _events = [];
    private readonly List<JobCommand> _commands = [];
    private int _hours;

    public IReadOnlyList<JobEvent> Events => _events;
    public IReadOnlyList<JobCommand> Commands => _commands;

    public Job? Job { get; private set; }
    public JobStatus? Status { get; private set; }

    /// <summary>What became of each ordinal, last; deleted and skipped ones are never asked about again.</summary>
    public Dictionary<long, JobEvent> Manifest { get; } = [];

    /// <summary>How often an ordinal with a final outcome got another one: never.</summary>
    public int Overwritten { get; private set; }

    public static DateTimeOffset At(int version) => Given.Noon.AddMinutes(version).AddMilliseconds(version);

    /// <summary>Histories of up to 60 commands; the numbers shrink towards short and sensible ones.</summary>
    public static void HoldsForAll(Action<JobHistory> rule) => Prop.ForAll(
        Gen.Choose(0, 1 << 20).ListOf().Where(numbers => numbers.Count <= 60).Resize(60).ToArbitrary(),
        numbers => rule(Of(numbers))).Check(Config.QuickThrowOnFailure.WithMaxTest(400).WithQuietOnSuccess(true));

    public static JobHistory Of(IEnumerable<int> numbers)
    {
        var history = new JobHistory();
        history.Carry(new Submit(Given.Request, Given.First));
        foreach (var number in numbers)
            history.Carry(history.Command(number));
        return history;
    }

    /// <summary>Works the job off by sensible commands until it has ended.</summary>
    public void Finish()
    {
        for (var step = 0; !Job!.IsEnded; step++)
        {
            Assert.True(step < 200, "the job does not end");
            Carry(Sensible(step));
        }
    }

    public void Carry(JobCommand command)
    {
        var before = Job;
        var decision = JobDecisions.Decide(Job, command);
        // In a retry only the manifest knows which ordinals are owed, and the service takes them from there. A first pass must do without.
        var ordinals = decision.Events.Select(OrdinalOf).OfType<long>().ToList();
        if (Job is { IsStarted: true, IsFirstPass: false } && !ordinals.SequenceEqual(Owed().Take(ordinals.Count)))
            return;
        _commands.Add(command);
        foreach (var @event in decision.Events)
            Apply(@event);
        Assert.True(decision.Rejection is null || ReferenceEquals(before, Job), "a rejected command appended something");
    }

    private void Apply(JobEvent @event)
    {
        _events.Add(@event);
        var at = At(_events.Count);
        Job = RoundTrip(JobFold.Apply(Job, s_id, @event, _events.Count, at), DocumentJson.Default.Job);
        Status = RoundTrip(JobStatusFold.Apply(Status, s_id, @event, at), DocumentJson.Default.JobStatus);
        if (OrdinalOf(@event) is not { } ordinal)
            return;
        if (IsSettled(@event))
            Overwritten++;
        Manifest[ordinal] = @event;
    }

    private bool IsSettled(JobEvent @event) =>
        OrdinalOf(@event) is { } ordinal && Manifest.TryGetValue(ordinal, out var earlier) && earlier is not Failed;

    private static long? OrdinalOf(JobEvent @event) => @event switch
    {
        ConversationDeleted e => e.Ordinal,
        ConversationSkipped e => e.Ordinal,
        Failed e => e.Ordinal,
        _ => null,
    };

    private static T RoundTrip<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> json) =>
        JsonSerializer.Deserialize(JsonSerializer.Serialize(value, json), json)!;

    /// <summary>The folds in one go, without JSON in between.</summary>
    public (string Job, string Status) FoldedAtOnce() =>
        (
            JsonSerializer.Serialize(
                _events
                    .Select((e, i) => (Event: e, Version: i + 1))
                    .Aggregate((Job?)null, (job, e) => JobFold.Apply(job, s_id, e.Event, e.Version, At(e.Version)))!,
                DocumentJson.Default.Job
            ),
            JsonSerializer.Serialize(
                _events
                    .Select((e, i) => (Event: e, At: At(i + 1)))
                    .Aggregate((JobStatus?)null, (s, e) => JobStatusFold.Apply(s, s_id, e.Event, e.At))!,
                DocumentJson.Default.JobStatus
            )
        );

    public (string Job, string Status) FoldedStepwise() =>
        (JsonSerializer.Serialize(Job!, DocumentJson.Default.Job), JsonSerializer.Serialize(Status!, DocumentJson.Default.JobStatus));

    private JobCommand Command(int number) =>
        (number % 8) switch
        {
            0 or 1 or 2 or 3 => Sensible(number / 8),
            4 => _commands[number / 8 % _commands.Count],
            5 => new Replan(Current(), NextPlan()),
            6 => Misplaced(number / 8),
            _ => number / 8 % 6 == 0 ? Cancellation() : Sensible(number / 8),
        };

    /// <summary>As the service cancels: what a retry still owes is settled first.</summary>
    private JobCommand Cancellation() => Job!.IsRetryBegun || Job.IsBeingCancelled ? Settling() : new Cancel();

    private RecordOutcomes Settling() => new(
        Job!.Attempt,
        [.. Owed().Take(2).Select(ordinal => new Outcome.Skipped(ordinal, Given.Commitment(ordinal), SkipReason.Cancelled))], NextPlan());

    private JobCommand Sensible(int number) =>
        Job!.IsBeingCancelled ? Settling()
        : Job.IsStarted
            ? new RecordOutcomes(
                Job.Attempt, [.. Owed().Take(1 + number % 4).Select((ordinal, i) => OutcomeOf(ordinal, number / 4 + i))], NextPlan())
        : number % 2 == 0 ? Given.StartOf(Job.Attempt, number / 2 % 7)
        : new FailAttempt(Job.Attempt, FailureReason.ListUnresolved, NextPlan());

    /// <summary>As the service finds them: the ordinals from the cursor on that are open in the manifest.</summary>
    private IEnumerable<long> Owed()
    {
        for (var ordinal = Job!.Cursor; ordinal < Job.Conversations; ordinal++)
        {
            if (!Manifest.TryGetValue(ordinal, out var outcome) || outcome is Failed)
                yield return ordinal;
        }
    }

    private static Outcome OutcomeOf(long ordinal, int number) => (number % 3) switch
    {
        0 => Given.Deleted(ordinal),
        1 => Given.Failed(ordinal),
        _ => new Outcome.Skipped(ordinal, Given.Commitment(ordinal), (SkipReason)(1 + number % 4)),
    };

    private JobCommand Misplaced(int number) =>
        (number % 6) switch
        {
            0 => new RecordOutcomes(Job!.Attempt + 1 - number / 6 % 3, [OutcomeOf(Job.Cursor, number)], NextPlan()),
            1 => new RecordOutcomes(Job!.Attempt, [OutcomeOf(Job.Conversations + number / 6 % 2, number)], NextPlan()),
            2 => new RecordOutcomes(
                Job!.Attempt, [.. Owed().Skip(1).Take(Job.IsFirstPass ? 1 : 0).Select(ordinal => OutcomeOf(ordinal, number))], NextPlan()),
            3 => Given.StartOf(Job!.Attempt + 1 - number / 6 % 3, number % 5),
            4 => new FailAttempt(Job!.Attempt + 1 - number / 6 % 3, FailureReason.ListUnresolved, NextPlan()),
            _ => new Replan(Given.First, NextPlan()),
        };

    private Plan Current() => new(Job!.PlannedAt, Job.Window!);

    private Plan NextPlan() => Given.Plan(++_hours);
}
