using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Projections.Jobs;
using Ledger.Windows;
using Decision = Ledger.Engine.Decision<Ledger.Contracts.Jobs.JobEvent>;

namespace Ledger.Jobs;

/// <summary>
/// The rules of a job, as pure functions. A command that was carried out before gives no events. A command that makes no sense in the job's
/// state is rejected. Every ordinal gets one outcome an attempt, in ascending order. The last of them decides the end or the retry.
/// </summary>
public static class JobDecisions
{
    public static Decision Decide(Job? job, JobCommand command) => (job, command) switch
    {
        (null, Submit submit) => Accept(submit),
        (null, _) => Decision.Reject("there is no such job"),
        (_, Submit) => Decision.Nothing,
        (_, ExtendDeadline extension) => Extend(job, extension),
        ({ IsEnded: true }, Cancel) => Decision.Reject($"the job has ended, as {job.StatusName}: there is nothing to cancel"),
        ({ IsEnded: true }, _) => Decision.Nothing,
        (_, Start start) => Begin(job, start),
        (_, RecordOutcomes record) => Record(job, record),
        (_, FailAttempt fail) => Fail(job, fail),
        (_, Replan replan) => Again(job, replan),
        (_, FollowWindow follow) => Follow(job, follow),
        ({ IsRetryBegun: true }, Cancel) => Decision.Reject("a retry that has begun must be settled first"),
        (_, Cancel) => Decision.Of(End(job, JobOutcome.Cancelled)),
        _ => throw new ArgumentOutOfRangeException(nameof(command)),
    };

    private static Decision Accept(Submit submit)
    {
        var plan = Scheduled(submit.Plan, ScheduleReason.OffPeak, 1);
        return submit.Case is { } told ? Decision.Of(submit.Request, told, plan) : Decision.Of(submit.Request, plan);
    }

    /// <summary>Gives the case a later deadline. The latest extension can be repeated, and then nothing happens.</summary>
    private static Decision Extend(Job job, ExtendDeadline extension)
    {
        if (job.Case is not { } told)
            return Decision.Reject("the job was submitted without a case, so it has no deadline");
        if (told.Extended > 0 && told.DueOn == extension.DueOn && told.ExtendedFor == extension.Reason)
            return Decision.Nothing;
        if (job.IsEnded)
            return Decision.Reject("the job has ended: its deadline is extended no more");
        return CaseCheck.IsLater(extension.DueOn, told.DueOn, told.ReceivedOn)
            ? Decision.Of(new DeadlineExtended(extension.DueOn, extension.Reason, extension.Client))
            : Decision.Reject(told.DueOn is { } due
                ? $"dueOn must be later than {CaseText.Of(due)}, the deadline so far"
                : $"dueOn must not be before {CaseText.Of(told.ReceivedOn!.Value)}, the day of receipt");
    }

    private static Decision Begin(Job job, Start start)
    {
        if (job.IsStarted || start.Attempt < job.Attempt)
            return Decision.Nothing;
        if (start.Attempt > job.Attempt)
            return Unplanned;
        var started = new Started(start.Attempt, start.Conversations, start.ManifestRoot, start.From, start.RetainedFrom);
        return start.Conversations > 0 ? Decision.Of(started) : Decision.Of(started, End(JobFold.Next(job, started)));
    }

    private static Decision Record(Job job, RecordOutcomes record)
    {
        if (!job.IsStarted)
            return Decision.Reject("the job has not started");
        if (record.Attempt < job.Attempt)
            return Decision.Nothing;
        if (record.Attempt > job.Attempt)
            return Unplanned;
        var events = new List<JobEvent>(record.Outcomes.Count + 1);
        foreach (var outcome in record.Outcomes)
        {
            if (outcome.Ordinal < job.Cursor)
                continue; // recorded before
            if (outcome.Ordinal >= job.Conversations || job.Owed == 0)
                return Decision.Reject("the manifest has no such ordinal");
            if (job.IsFirstPass && outcome.Ordinal != job.Cursor)
                return Decision.Reject("an ordinal was left out");
            var @event = Event(job, outcome);
            events.Add(@event);
            job = JobFold.Next(job, @event);
        }
        if (events.Count > 0 && job.Owed == 0)
            events.Add(
                job is { FailedCount: > 0, RetriesRemaining: > 0, IsBeingCancelled: false } && record.Retry is { } retry
                    ? Scheduled(retry, ScheduleReason.Retry, job.Attempt + 1)
                    : End(job)
            );
        return Decision.Of(events);
    }

    private static Decision Fail(Job job, FailAttempt fail)
    {
        if (fail.Attempt < job.Attempt)
            return Decision.Nothing;
        if (fail.Attempt > job.Attempt)
            return Unplanned;
        if (job.IsStarted)
            return Decision.Reject("an attempt whose list is resolved fails by its conversations");
        var failed = new Failed(fail.Reason, job.Attempt, job.RetriesRemaining);
        return Decision.Of(
            failed,
            job.RetriesRemaining > 0 && fail.Retry is { } retry ? Scheduled(retry, ScheduleReason.Retry, job.Attempt + 1) : End(job));
    }

    /// <summary>Moves the job to a later plan. If its plan was replaced before, nothing happens. Plans only move forward, so an old plan
    /// never comes back.</summary>
    private static Decision Again(Job job, Replan replan)
    {
        if (replan.Ended != new Plan(job.PlannedAt, job.Window!))
            return Decision.Nothing;
        return replan.Plan.PlannedAt > job.PlannedAt
            ? Decision.Of(Scheduled(replan.Plan, ScheduleReason.WindowClosed, job.Attempt))
            : Decision.Reject("the new plan is not later than the one that it replaces");
    }

    /// <summary>
    /// Moves the job into its bot's window. A job that is at work in its opening stays there until that closes. A job that is in the same
    /// window already has nothing to follow, so a second time appends nothing.
    /// </summary>
    private static Decision Follow(Job job, FollowWindow follow)
    {
        var (planned, now) = (job.Window!, follow.Plan.Window);
        var isSame = (planned.Name, planned.Cron, planned.TimeZone, planned.Closes - planned.Opens)
            == (now.Name, now.Cron, now.TimeZone, now.Closes - now.Opens);
        var isAtWork = job.IsStarted && follow.IsOpen && job.PlannedAt <= follow.Now && follow.Now < planned.Closes;
        return isSame || isAtWork ? Decision.Nothing : Decision.Of(Scheduled(follow.Plan, ScheduleReason.WindowChanged, job.Attempt));
    }

    private static Decision Unplanned => Decision.Reject("there is no plan for such an attempt yet");

    private static JobEvent Event(Job job, Outcome outcome) => outcome switch
    {
        Outcome.Deleted o => new ConversationDeleted(o.Commitment, o.Ordinal, o.Items, job.Attempt, ConfirmedAbsent: true),
        Outcome.Skipped o => new ConversationSkipped(o.Commitment, o.Ordinal, o.Reason),
        Outcome.Failed o => new Failed(o.Reason, job.Attempt, job.RetriesRemaining, o.Commitment, o.Ordinal),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    /// <summary>The end of the job. It is completed only if every conversation of a resolved list was deleted or rightly skipped.</summary>
    private static Completed End(Job job) => End(
        job,
        job.IsBeingCancelled ? JobOutcome.Cancelled
        : job.IsStarted && job.FailedCount == 0 ? JobOutcome.Completed
        : JobOutcome.Failed);

    private static Completed End(Job job, JobOutcome outcome) => new(
        outcome, job.Conversations, job.DeletedCount, job.FailedCount, job.SkippedCounts, job.Items,
        outcome != JobOutcome.Cancelled ? null : job.IsFirstPass ? job.Cursor : job.Conversations);

    private static Scheduled Scheduled(Plan plan, ScheduleReason reason, int attempt) => new(plan.PlannedAt, plan.Window, reason, attempt);
}
