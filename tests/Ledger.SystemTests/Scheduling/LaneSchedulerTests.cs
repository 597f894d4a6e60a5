using Ledger.Scheduling;

namespace Ledger.SystemTests.Scheduling;

public class LaneSchedulerTests
{
    // In ticks.
    private const string PollLasts = "select (select end_time - start_time from quartz.qrtz_triggers where trigger_name = 'lane-0-poll')";
    private static readonly TimeSpan SliceLength = TimeSpan.FromMilliseconds(60);

    [Fact]
    public async Task Lanes_of_an_open_window_fire_again_and_again_and_those_of_a_closed_one_do_not()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Windows = [LaneCluster.Open with { Lanes = 2 }, LaneCluster.Closed];
        await cluster.StartNode();

        await cluster.Until(() => cluster.Count("open") >= 8, "8 slices in an open window");

        Assert.Equal([0, 1], cluster.Lanes("open"));
        Assert.Equal(0, cluster.Count("closed"));
        Assert.False(cluster.Overlapped);
        Assert.Equal(3L, await cluster.Query<long>(
            "select count(*) from quartz.qrtz_job_details where is_durable and is_nonconcurrent and requests_recovery"));
        // The closed window waits for its opening only.
        Assert.Equal("lane-0-opening", await cluster.Query<string>(
            "select string_agg(trigger_name, ',') from quartz.qrtz_triggers where trigger_group = 'window:closed'"));
    }

    [Fact]
    public async Task Lanes_go_on_for_a_minute_after_their_window_has_closed_and_then_rest()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        var now = TimeProvider.System.GetUtcNow();
        var opened = now.AddSeconds(-90); // and closed half a minute ago
        var earlier = now.AddSeconds(-150);
        cluster.Windows = [LaneCluster.MinuteOf("just-closed", opened), LaneCluster.MinuteOf("closed-before", earlier)];
        await cluster.StartNode();

        await cluster.Until(() => cluster.Count("just-closed") >= 3, "3 slices after the closing");

        Assert.Equal(0, cluster.Count("closed-before"));
        var closes = opened.AddTicks(-(opened.Ticks % TimeSpan.TicksPerSecond)).AddMinutes(1);
        Assert.Equal(closes.AddMinutes(1).UtcTicks, await cluster.Query<long>("select end_time from quartz.qrtz_triggers where trigger_name = 'lane-0-poll'"));
    }

    [Fact]
    public async Task More_lanes_than_threads_take_turns()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Slice = (_, _, cancel) => Task.Delay(SliceLength, TimeProvider.System, cancel);
        cluster.Windows = [LaneCluster.Open with { Lanes = 4 }, LaneCluster.Open with { Name = "other", Lanes = 4 }];
        await cluster.StartNode(threads: 2);

        await cluster.Until(() => cluster.Fired.Count >= 80, "80 slices");

        var turns = cluster.Fired.GroupBy(fired => (fired.Window, fired.Lane)).Select(lane => lane.Count()).ToList();
        Assert.Equal(8, turns.Count);
        Assert.InRange(turns.Min(), 7, 10); // of 80 slices: an even share is 10
        Assert.InRange(cluster.MostAtOnce, 1, 2);
        Assert.False(cluster.Overlapped);
    }

    [Fact]
    public async Task Two_nodes_share_the_lanes_and_never_run_one_of_them_twice_at_once()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Slice = (_, _, cancel) => Task.Delay(SliceLength, TimeProvider.System, cancel);
        cluster.Windows = [LaneCluster.Open with { Lanes = 4 }];
        await Task.WhenAll(cluster.StartNode(threads: 2), cluster.StartNode(threads: 2));

        await cluster.Until(
            () => cluster.Fired.Count >= 40 && cluster.Fired.Select(fired => fired.Node).Distinct().Count() == 2, "40 slices on 2 nodes");

        Assert.Equal([0, 1, 2, 3], cluster.Lanes("open"));
        Assert.False(cluster.Overlapped);
        Assert.DoesNotContain(cluster.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_slice_that_throws_is_fired_again_and_its_message_is_not_logged()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Slice = (_, _, _) => throw new InvalidOperationException("conversation 6f1c");
        cluster.Windows = [LaneCluster.Open];
        await cluster.StartNode();

        await cluster.Until(() => cluster.Count("open") >= 3, "3 slices that throw");

        Assert.Contains("Error: A slice of window open, lane 0, failed and is fired again: InvalidOperationException", cluster.Log);
        Assert.DoesNotContain(cluster.Log, line => line.Contains("6f1c", StringComparison.Ordinal));
        Assert.True(cluster.Log.Count <= cluster.Count("open"), "one line for each failure");
    }

    [Fact]
    public async Task A_window_that_the_registry_gains_changes_or_loses_is_followed_while_running()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Windows = [LaneCluster.Closed];
        await cluster.StartNode();
        await cluster.Until(
            () => cluster.Query<bool>("select count(*) = 1 from quartz.qrtz_triggers where trigger_name = 'lane-0-opening'"),
            "the closed window's trigger");

        cluster.Windows = [LaneCluster.Closed, LaneCluster.Open];
        await cluster.Until(() => cluster.Count("open") > 0, "a slice of the new window");

        cluster.Windows = [LaneCluster.Open with { Name = "closed", TimeZone = "Europe/Berlin", Lanes = 2 }, LaneCluster.Open];
        await cluster.Until(() => cluster.Lanes("closed").Length == 2, "slices of the changed window's 2 lanes");

        cluster.Windows = [LaneCluster.Closed with { TimeZone = "Europe/Dublin" }, LaneCluster.Open];
        var opens = new WindowCalendar(cluster.Windows[0]).TryNext(TimeProvider.System.GetUtcNow())!.Value.Opens.UtcTicks;
        await cluster.Until(
            () => cluster.Query<bool>($"""
                select start_time = {opens} and next_fire_time = {opens}
                from quartz.qrtz_triggers where trigger_group = 'window:closed' and trigger_name = 'lane-0-opening'
                """),
            "the next opening that the calendar gives");

        cluster.Windows = [LaneCluster.Closed];
        await cluster.Until(
            () => cluster.Query<bool>("""
                select (select string_agg(job_group || '/' || job_name, ',') from quartz.qrtz_job_details) = 'window:closed/lane-0'
                    and not exists (select from quartz.qrtz_triggers where trigger_name like '%-poll')
                """),
            "one lane left, and nothing that polls");
    }

    [Fact]
    public async Task A_lane_that_is_retired_while_it_runs_is_not_forgotten_before_it_ends()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        var end = new TaskCompletionSource();
        cluster.Slice = (_, _, _) => end.Task;
        cluster.Windows = [LaneCluster.Open];
        await cluster.StartNode();
        await cluster.Until(() => cluster.Count("open") == 1, "a slice that runs on");

        cluster.Windows = [];
        await cluster.Until(
            () => cluster.Query<bool>($"{PollLasts} < 10000000"),
            "its polling is made to end");
        cluster.Windows = [LaneCluster.Open];
        await cluster.Until(
            () => cluster.Query<bool>($"{PollLasts} > 300000000"),
            "it is wanted again");
        Assert.Equal(1, cluster.Count("open"));
        end.SetResult();

        await cluster.Until(() => cluster.Count("open") > 2, "it goes on");
        Assert.False(cluster.Overlapped);
    }

    [Fact]
    public async Task Stopping_signals_the_running_slice_and_waits_for_it()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        var ended = false;
        cluster.Slice = async (_, _, cancel) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Delay(SliceLength, TimeProvider.System, CancellationToken.None);
            ended = true;
        };
        cluster.Windows = [LaneCluster.Open];
        var node = await cluster.StartNode();
        await cluster.Until(() => cluster.Count("open") == 1, "a slice");

        await node.StopAsync(CancellationToken.None);

        Assert.True(ended);
        Assert.Equal(0L, await cluster.Query<long>("select count(*) from quartz.qrtz_fired_triggers where state = 'EXECUTING'"));
        Assert.Empty(cluster.Log);
    }

    [Fact]
    public async Task A_node_that_starts_without_a_database_fires_once_it_is_there_and_says_so_once()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Windows = [LaneCluster.Open];
        await cluster.Database.TakeAwayAsync();
        var node = await cluster.StartNode();
        await cluster.Until(() => node.Outage is not null, "the outage");
        Assert.Equal("this node cannot start, and tries again every 0.3 s; its log says why", node.Outage);

        await cluster.Database.GiveBackAsync();
        await cluster.Until(() => cluster.Count("open") > 0, "a slice");

        Assert.Single(cluster.Log, line => line.StartsWith("Error: Scheduling cannot start", StringComparison.Ordinal));
        await cluster.Until(() => node.Outage is null, "the end of the outage");
        Assert.Contains("Information: Scheduling works again", cluster.Log);
    }

    [Fact]
    public async Task A_node_that_loses_its_database_goes_on_when_it_is_back()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Windows = [LaneCluster.Open with { Lanes = 2 }];
        await cluster.StartNode();
        await cluster.Until(() => cluster.Count("open") > 2, "slices before");

        await cluster.Database.TakeAwayAsync();
        await cluster.Until(
            () => cluster.Log.Any(line => line.StartsWith("Error: Scheduling cannot follow the registry", StringComparison.Ordinal)),
            "the outage in the log");
        await cluster.Database.GiveBackAsync();
        var before = cluster.Fired.Count;
        await cluster.Until(
            () => cluster.Fired.Skip(before).Select(fired => fired.Lane).Distinct().Count() == 2, "slices of both lanes afterwards");

        Assert.False(cluster.Overlapped);
        Assert.InRange(cluster.Log.Count, 2, 20);
    }

    [Fact]
    public async Task Stored_data_names_the_window_and_the_lane_and_nothing_else()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Windows = [LaneCluster.Open];
        await cluster.StartNode();
        await cluster.Until(() => cluster.Count("open") > 0, "a slice");

        Assert.Equal(
            """{"window":"open","lane":"0"}""",
            await cluster.Query<string>("select convert_from(job_data, 'UTF8') from quartz.qrtz_job_details"));
        Assert.Equal(0L, await cluster.Query<long>("select count(*) from quartz.qrtz_triggers where length(job_data) > 2"));
    }
}
