using Ledger.Contracts.Jobs;
using Ledger.SystemTests;
using Xunit.Abstractions;

namespace Ledger.Chaos;

/// <summary>Nodes of a cluster die, freeze and stop while they delete. Others go on, and nothing is done twice or not at all.</summary>
public sealed class ClusterTests(ITestOutputHelper output)
{
    private const string LeaderIs = "select node_id from wolverine.wolverine_node_assignments where id like '%leader%'";

    [SkippableFact]
    public async Task When_two_of_three_nodes_are_killed_their_jobs_go_on_within_20_s()
    {
        await using var cluster = await Cluster.StartAsync(lanes: 4, seconds: 0.005);
        var nodes = await Task.WhenAll(cluster.AddNodeAsync(), cluster.AddNodeAsync(), cluster.AddNodeAsync());
        var jobs = new List<JobId>();
        for (var i = 0; i < 4; i++)
            jobs.Add(await cluster.SubmitAsync(nodes[i % 2], $"user-{i}", 4000));
        foreach (var job in jobs)
            await Scene.UntilAsync("the job is in its middle", async () => await cluster.BatchesAsync(job) > 0);
        IReadOnlyList<Node> holding = [];
        await Scene.UntilAsync("no lane is held", async () => (holding = await cluster.HoldingNodesAsync()).Count > 0);
        var holders = await cluster.HoldersAsync();

        var killed = await cluster.NowAsync();
        await Task.WhenAll(nodes.OrderByDescending(holding.Contains).Take(2).Select(node => node.KillAsync()));
        await Scene.UntilAsync("a lane of theirs is free", async () => holders.Except(await cluster.HoldersAsync()).Any());
        for (var i = 0; i < jobs.Count; i++)
            await GoesOnAsync(cluster, $"user-{i}", killed, TimeSpan.FromSeconds(20));
        await cluster.EndsExactlyAsync(jobs);
    }

    [SkippableFact]
    public async Task When_the_leader_freezes_with_the_only_lane_another_goes_on_and_it_does_nothing_of_its_slice_when_it_thaws()
    {
        await using var cluster = await Cluster.StartAsync(lanes: 1, seconds: 0.01);
        var leader = await cluster.AddNodeAsync();
        await Scene.UntilAsync("the node leads", () => cluster.Service.ScalarAsync<bool>($"select exists ({LeaderIs})"));
        var other = await cluster.AddNodeAsync();
        var job = await cluster.SubmitAsync(leader, "user-1", 20_000);
        await Scene.UntilAsync("the job is in its middle", async () => await cluster.BatchesAsync(job) > 0);
        var (_, held) = await cluster.HolderAsync(leader);
        var led = await cluster.Service.ScalarAsync<Guid>(LeaderIs);
        Assert.Equal(1, await cluster.Service.ScalarAsync<long>(
            "select count(*) from wolverine.wolverine_nodes where id = $1 and node_number = 1", led));

        var frozen = await cluster.NowAsync();
        await leader.FreezeAsync();
        await Scene.UntilAsync("the leader's lane is free", async () => !(await cluster.HoldersAsync()).Contains(held));
        var freed = await cluster.NowAsync();
        await GoesOnAsync(cluster, "user-1", freed, frozen.AddSeconds(20) - freed);
        await Scene.UntilAsync("the other node leads", () => cluster.Service.ScalarAsync<bool>(
            $"select exists ({LeaderIs} and node_id <> $1)", led));
        await Scene.UntilAsync("a minute has passed", async () => await cluster.NowAsync() > frozen.AddMinutes(1));
        var deleted = await DeletedByAsync(cluster, held);
        Assert.True(await cluster.Service.CountConversationsAsync() > 0, "the job ended too early");
        await leader.ThawAsync();

        await Scene.UntilAsync("the leader learns that it lost its lane", () => Task.FromResult(
            leader.Output.Contains("lost its lane", StringComparison.Ordinal)));
        await cluster.EndsExactlyAsync(job);
        Assert.Equal(deleted, await DeletedByAsync(cluster, held));
        // Both are in the cluster, and one leads.
        await Scene.UntilAsync("both nodes are there", () => cluster.Service.ScalarAsync<bool>(
            $"select (select count(*) from wolverine.wolverine_nodes) = 2 and (select count(*) from ({LeaderIs}) l) = 1"));
        using var health = await other.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.True(health.IsSuccessStatusCode, await health.Content.ReadAsStringAsync());
    }

    [SkippableFact]
    public async Task A_node_that_is_told_to_stop_ends_at_the_next_batch_and_another_goes_on()
    {
        await using var cluster = await Cluster.StartAsync(lanes: 1, seconds: 0.005);
        var first = await cluster.AddNodeAsync();
        await cluster.AddNodeAsync();
        var job = await cluster.SubmitAsync(first, "user-1", 20_000);
        await Scene.UntilAsync("the job is in its middle", async () => await cluster.BatchesAsync(job) > 1);
        var (stopping, held) = await cluster.HolderAsync();

        var (told, before) = (await cluster.NowAsync(), await cluster.BatchesAsync(job));
        Assert.Equal(0, await stopping.TerminateAsync());
        var ended = await cluster.NowAsync();
        output.WriteLine($"it ends after {ended - told}");
        Assert.DoesNotContain(held, await cluster.HoldersAsync());
        // At most the batch that it was at, and one that was committed meanwhile.
        Assert.InRange(await BatchesByAsync(cluster, job, ended) - before, 0, 2);
        // Measured: 3 s. Were the message lost, the sweep would come within 5 s.
        await GoesOnAsync(cluster, "user-1", ended, TimeSpan.FromSeconds(10));
        await cluster.EndsExactlyAsync(job);
    }

    /// <summary>By what is recorded, and not by when this process came to look.</summary>
    private async Task GoesOnAsync(Cluster cluster, string cId, DateTimeOffset after, TimeSpan within)
    {
        var wentOn = await cluster.WentOnAsync(cId, after);
        output.WriteLine($"{cId} goes on after {wentOn - after}");
        Assert.InRange(wentOn - after, TimeSpan.Zero, within);
    }

    private static Task<long> DeletedByAsync(Cluster cluster, int session) =>
        cluster.Service.ScalarAsync<long>("select count(*) from public.deletions where pid = $1", session);

    private static Task<long> BatchesByAsync(Cluster cluster, JobId job, DateTimeOffset until) => cluster.Service.ScalarAsync<long>(
        "select count(distinct timestamp) from ledger.mt_events where stream_id = $1 and type = 'conversation_deleted' and timestamp <= $2",
        job.Value, until.UtcDateTime);
}
