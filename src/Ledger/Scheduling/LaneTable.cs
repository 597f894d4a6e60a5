using Quartz;

namespace Ledger.Scheduling;

/// <summary>Brings Quartz's jobs and triggers in step with the registry's windows.</summary>
/// <remarks>
/// <para>
/// A lane has two triggers, <c>lane-N-opening</c> (fires once, at the window's next opening) and, while its window is open and for
/// <see cref="Grace"/> longer, <c>lane-N-poll</c>. Both are made of instants that <see cref="WindowCalendar"/> gave: Quartz knows no cron
/// expression and no zone. After an opening the next pass of any node makes the trigger of the one that follows. No opening is lost to the
/// wait: a window is open for a minute at least, and every pass sets the lanes of an open window going.
/// </para>
/// <para>
/// One pass compares what should be with what is stored and writes the difference, each write a replacement by key under Quartz's
/// cluster-wide lock. So several nodes may do it at once: they write the same rows, and a node that acted on an older registry is put
/// right by the next pass of any node. A crash between two writes leaves some lanes behind until that pass.
/// </para>
/// <para>
/// Triggers are replaced in place, never removed while their lane runs: removing one removes Quartz's note that the lane is running, and
/// the lane could be fired a second time beside itself. (A firing between the look and the removal has that effect; it is harmless.)
/// </para>
/// </remarks>
internal sealed class LaneTable(IScheduler scheduler, LaneSchedulerOptions options, TimeProvider time)
{
    /// <summary>
    /// How long polling outlasts its window. A slice that ended just before the closing (its 30 s were over, its node died) leaves a job
    /// planned into an opening that is past; the slices of this time delete nothing, and plan such jobs into the next.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private const string OpeningSuffix = "-opening";
    private const string PollSuffix = "-poll";

    /// <summary>One pass. Lanes of windows that neither of the two names are retired.</summary>
    /// <param name="windows">The windows that this node can read.</param>
    /// <param name="leftAlone">Names of the windows that it cannot; a node of another version may.</param>
    /// <param name="cancel">Ends the pass between two writes.</param>
    public async Task InStepWith(IReadOnlyList<LanePlan> windows, IReadOnlySet<string> leftAlone, CancellationToken cancel)
    {
        var stored = await Stored(cancel);
        var wanted = Wanted(windows).ToDictionary(lane => lane.Key);
        // A replaced poll trigger goes to the back of the queue for threads: in this order, lanes that wait keep their places.
        foreach (var lane in wanted.Values.OrderBy(lane => stored.GetValueOrDefault(lane.Key)?.Poll?.Trigger.NextFireTimeUtc))
            await Keep(lane, stored.GetValueOrDefault(lane.Key), cancel);

        foreach (var (key, lane) in stored)
        {
            if (leftAlone.Contains(LaneJob.WindowOf(key)))
                await Silence(lane, cancel);
            else if (!wanted.ContainsKey(key))
                await Retire(key, lane, cancel);
        }
    }

    private static IEnumerable<WantedLane> Wanted(IReadOnlyList<LanePlan> windows) =>
        from window in windows
        from lane in Enumerable.Range(0, window.Lanes)
        select new WantedLane(window, lane);

    private async Task Keep(WantedLane lane, StoredLane? stored, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var changed = new List<ITrigger>();
        if (lane.Window.NextOpening is { } opening && !IsOpening(stored?.Opening, opening))
            changed.Add(Opening(lane.Key, opening));
        // A long pass outlasts what it planned, and Quartz takes no trigger that ends before it starts.
        var pollsUntil = lane.Window.PollsUntil > now ? lane.Window.PollsUntil : null;
        if (pollsUntil is { } end ? !IsPoll(stored?.Poll, end) : Outlasts(stored?.Poll, now))
            changed.Add(Poll(lane.Key, now, pollsUntil ?? now + options.PollInterval));

        var job = LaneJob.Of(lane.Window.Name, lane.Number);
        if (changed.Count > 0)
            await scheduler.ScheduleJob(job, changed, ScheduleJobOptions.Replacing, cancel);
        else if (stored is null)
            await scheduler.AddJob(job, AddJobOptions.Replacing, cancel);
    }

    // First its polling is made to end, then, in a later pass, the lane goes while it rests.
    private async Task Retire(JobKey key, StoredLane lane, CancellationToken cancel)
    {
        if (lane.IsResting)
            await scheduler.DeleteJob(key, cancel);
        else if (time.GetUtcNow() is var now && Outlasts(lane.Poll, now))
            await scheduler.ScheduleTrigger(Poll(key, now, now + options.PollInterval), TriggerConflict.Replace, cancel);
    }

    // Versions before this one stored cron triggers, which open by Quartz's own reckoning.
    private async Task Silence(StoredLane lane, CancellationToken cancel)
    {
        if (lane.IsResting && lane.Opening is { Trigger: ICronTrigger old })
            await scheduler.UnscheduleJob(old.Key, cancel);
    }

    /// <summary>Fires at the opening, exactly on time, and never again.</summary>
    private ITrigger Opening(JobKey lane, DateTimeOffset opens) => TriggerBuilder.Create(time)
        .ForJob(lane)
        .WithIdentity($"{lane.Name}{OpeningSuffix}", lane.Group)
        .StartAt(opens)
        // An opening that was missed by more than a moment (no node was up, every thread was busy) needs no firing of its own: the poll
        // trigger makes up for it if the window is still open, and if it is not there is nothing to do. Nor may a lane wait for a thread
        // with two triggers at once: it would get two turns.
        .WithMisfireThreshold(TimeSpan.FromSeconds(1))
        .WithSimpleSchedule(once => once.WithRepeatCount(0).WithMisfireInstruction(SimpleTriggerMisfireInstruction.NextWithRemainingCount))
        .Build();

    /// <summary>Fires at once, and PollInterval after each slice's end.</summary>
    private ITrigger Poll(JobKey lane, DateTimeOffset now, DateTimeOffset end) => TriggerBuilder.Create(time)
        .ForJob(lane)
        .WithIdentity($"{lane.Name}{PollSuffix}", lane.Group)
        .StartAt(now)
        .EndAt(end)
        .WithSimpleSchedule(simple => simple
            .WithInterval(options.PollInterval)
            .RepeatForever()
            // A rest after the slice, not a beat: at a beat of 2 s, a slice of 30 s would leave 14 firings to catch up on.
            .MeasureIntervalFromCompletion()
            // With the rest measured from completion there is one firing due at most, so nothing to ignore but the misfire handler:
            // it would send a lane that waited a minute for a thread to the back of the queue, again and again. Left alone, the lane
            // that waits longest is fired first, and with fewer threads than lanes each gets its turn.
            .WithMisfireInstruction(SimpleTriggerMisfireInstruction.IgnoreMisfires))
        .Build();

    private static bool IsOpening(StoredTrigger? stored, DateTimeOffset opens) =>
        stored is { InError: false, Trigger: ISimpleTrigger once } && once.StartTimeUtc == opens;

    private bool IsPoll(StoredTrigger? stored, DateTimeOffset end) =>
        stored is { InError: false, Trigger: ISimpleTrigger poll }
        && poll.EndTimeUtc == end
        && poll.RepeatInterval == options.PollInterval;

    // Of a window that was changed, or whose node's clock is ahead: a poll trigger that ends soon may just end.
    private bool Outlasts(StoredTrigger? poll, DateTimeOffset now) => poll?.Trigger.EndTimeUtc > now + (3 * options.PollInterval);

    private async Task<Dictionary<JobKey, StoredLane>> Stored(CancellationToken cancel)
    {
        var keys = await scheduler.GetJobKeys(GroupMatcher<JobKey>.GroupStartsWith(LaneJob.AllGroups), cancel);
        var lanes = keys.ToDictionary(key => key, _ => new StoredLane());
        var query = new TriggerQuery { Group = GroupMatcher<TriggerKey>.GroupStartsWith(LaneJob.AllGroups), Take = PagedQuery.All };
        var states = (await scheduler.QueryTriggers(query, cancel)).Items.ToDictionary(header => header.Key, header => header.State);
        foreach (var trigger in await scheduler.GetTriggers(states.Keys, cancel))
        {
            if (lanes.TryGetValue(trigger.JobKey, out var lane))
                lane.Triggers.Add(new(trigger, states[trigger.Key]));
        }

        return lanes;
    }

    /// <summary>A lane as the registry has it.</summary>
    private sealed record WantedLane(LanePlan Window, int Number)
    {
        public JobKey Key { get; } = LaneJob.KeyOf(Window.Name, Number);
    }

    private sealed class StoredLane
    {
        public List<StoredTrigger> Triggers { get; } = [];

        public StoredTrigger? Opening => Find(OpeningSuffix);

        public StoredTrigger? Poll => Find(PollSuffix);

        private StoredTrigger? Find(string suffix) =>
            Triggers.Find(stored => stored.Trigger.Key.Name.EndsWith(suffix, StringComparison.Ordinal));

        public bool IsResting => !Triggers.Exists(stored => stored.State is TriggerState.Executing or TriggerState.Blocked);
    }

    private sealed record StoredTrigger(ITrigger Trigger, TriggerState State)
    {
        public bool InError => State == TriggerState.Error;
    }
}
