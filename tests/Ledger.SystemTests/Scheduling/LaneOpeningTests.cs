namespace Ledger.SystemTests.Scheduling;

/// <summary>The lanes open when the calendar says, and a window or a loop that is broken is told.</summary>
public class LaneOpeningTests
{
    [Fact]
    public async Task An_opening_fires_on_time_and_the_next_one_is_set_behind_it()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        var opens = TimeProvider.System.GetUtcNow().AddSeconds(2);
        cluster.Windows = [LaneCluster.MinuteOf("soon", opens)];
        await cluster.StartNode();
        await cluster.Until(() => cluster.Count("soon") >= 1, "a slice at the opening");
        await cluster.Until(
            () => cluster.Query<bool>($"""
                select coalesce(min(next_fire_time) > {opens.AddHours(23).UtcTicks}, false)
                from quartz.qrtz_triggers where trigger_name = 'lane-0-opening'
                """),
            "tomorrow's opening");
    }

    [Fact]
    public async Task Windows_that_cannot_be_read_are_told_once_and_harm_no_other()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Windows =
        [
            LaneCluster.Open with { Name = "year", Cron = "0 5 16 29 11 ? 2026" },
            LaneCluster.Open with { Name = "zone", TimeZone = "Mars/Olympus_Mons" },
            LaneCluster.Open with { Name = "nonsense", Cron = "nonsense" },
            LaneCluster.Open with { Name = "never", Cron = "0 0 18 30 2 ?" },
            LaneCluster.Open,
        ];
        await cluster.StartNode();

        await cluster.Until(() => cluster.Count("open") >= 6, "slices of the window that can be read");

        Assert.DoesNotContain(cluster.Fired, fired => fired.Window != "open");
        Assert.Equal(3, cluster.Log.Count);
        foreach (var told in new[] { "year does not open on this node: its cron expression cannot be used", "zone does not open" })
            Assert.Single(cluster.Log, line => line.StartsWith($"Error: Window {told}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_loop_that_stands_still_is_noticed_from_outside_and_forgiven_when_it_goes_on()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        cluster.Windows = [LaneCluster.Open];
        var stuck = new TaskCompletionSource();
        var node = await cluster.StartNode(longestPass: TimeSpan.FromSeconds(1.5));
        await cluster.Until(() => cluster.Count("open") >= 1 && node.Outage is null, "a node that works");

        cluster.Reading = () => stuck.Task;
        await cluster.Until(() => node.Outage is not null, "the loop that stands still");
        Assert.Matches("^this node's scheduler has stood still for [0-9]+ s; restart the node", node.Outage);

        stuck.SetResult();
        await cluster.Until(() => node.Outage is null, "the loop that goes on");
    }

    [Fact]
    public async Task A_cron_trigger_that_an_earlier_version_stored_decides_nothing_any_more()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        var year = LaneCluster.Closed with { Name = "year", Cron = "0 0 18 * * ? 2026" };
        cluster.Windows = [LaneCluster.Closed, LaneCluster.Closed with { Name = "year" }];
        var node = await cluster.StartNode();
        await cluster.Until(() => cluster.Query<bool>("select count(*) = 2 from quartz.qrtz_simple_triggers"), "the openings");
        await node.StopAsync(CancellationToken.None);
        await cluster.Query<long>("""
            delete from quartz.qrtz_simple_triggers;
            update quartz.qrtz_triggers set trigger_type = 'CRON', misfire_instr = 2, start_time = 638000000000000000;
            insert into quartz.qrtz_cron_triggers (sched_name, trigger_name, trigger_group, cron_expression, time_zone_id)
                select sched_name, trigger_name, trigger_group, '0 0 0 1 * ?', 'UTC' from quartz.qrtz_triggers;
            select count(*) from quartz.qrtz_cron_triggers
            """);

        cluster.Windows = [LaneCluster.Closed, year];
        await cluster.StartNode();
        await cluster.Until(
            () => cluster.Query<bool>("""
                select not exists (select from quartz.qrtz_cron_triggers)
                    and (select string_agg(trigger_group, ',') from quartz.qrtz_triggers) = 'window:closed'
                """),
            "the opening of the window that can be read, and nothing that Quartz reckons");
    }
}
