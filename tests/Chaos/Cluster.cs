using System.Globalization;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Registry;
using Ledger.SystemTests;
using Ledger.SystemTests.Execution;

namespace Ledger.Chaos;

/// <summary>Several nodes on one database, on the true clock. The store deletes slowly, and notes which session deleted when.</summary>
public sealed class Cluster : IAsyncDisposable
{
    /// <summary>So early that all of them started before a job's range ends, which is now.</summary>
    private static readonly DateTimeOffset s_firstStartedAt = new(2023, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, Node> _nodes = new(StringComparer.Ordinal);
    private int _started;

    private Cluster(TestService service) => Service = service;

    public TestService Service { get; }

    /// <summary>The window's name.</summary>
    public static string Window => "test";

    /// <param name="lanes">Of the window, which is open.</param>
    /// <param name="seconds">What the deletion of a conversation takes, so that a job is met in its middle.</param>
    public static async Task<Cluster> StartAsync(int lanes, double seconds)
    {
        var service = await TestService.StartAsync();
        Assert.Null(await service.Registry.DefineWindowAsync(
            new DefineWindow(Window, "0 0 * * * ?", "UTC", 7200, lanes, "test", null), CancellationToken.None));
        await service.ExecuteAsync(string.Create(CultureInfo.InvariantCulture,
            $"""
            create table public.pace (seconds double precision not null);
            insert into public.pace values ({seconds});
            create table public.deletions (pid int, at timestamptz, cid text);
            create function public.slowly() returns trigger language plpgsql security definer as $$
            begin
                perform pg_sleep(seconds) from public.pace;
                insert into public.deletions values (pg_backend_pid(), clock_timestamp(), old.cid);
                return old;
            end $$;
            create trigger slowly before delete on conversations.conversations for each row execute function public.slowly();
            """));
        return new Cluster(service);
    }

    /// <summary>Starts one more node.</summary>
    public async Task<Node> AddNodeAsync()
    {
        var name = $"node-{Interlocked.Increment(ref _started)}";
        var connection = $"{Service.Database.ConnectionStringFor("ledger_service")};Application Name={name}";
        var node = await Node.StartAsync(connection, Service.KeyDirectory);
        lock (_nodes)
            _nodes.Add(name, node);
        return node;
    }

    /// <summary>The nodes that hold lanes.</summary>
    public async Task<IReadOnlyList<Node>> HoldingNodesAsync()
    {
        var names = await Service.ScalarAsync<string[]>(
            "select coalesce(array_agg(application_name), '{}') from pg_stat_activity where pid = any ($1)", await HoldersAsync());
        return [.. names.Distinct().Select(name => _nodes[name])];
    }

    /// <summary>Until a node has the window's only lane. Between two turns nobody has it.</summary>
    public async Task<(Node Node, int Session)> HolderAsync(Node? node = null)
    {
        (Node Node, int Session)? found = null;
        await Scene.UntilAsync("a node has the lane", async () =>
        {
            var (sessions, nodes) = (await HoldersAsync(), await HoldingNodesAsync());
            if (sessions is [var session] && nodes is [var holding] && (node is null || holding == node))
                found = (holding, session);
            return found is not null;
        });
        return found!.Value;
    }

    /// <summary>Submits a job over all of a new channel user's conversations.</summary>
    public async Task<JobId> SubmitAsync(Node node, string cId, int conversations)
    {
        await Service.AddConversationsAsync(cId, conversations, cId, s_firstStartedAt);
        using var request = new HttpRequestMessage(HttpMethod.Post, Service.Deletions)
        {
            Content = System.Net.Http.Json.JsonContent.Create(new { cId }),
        };
        request.Headers.Add("auth", Service.Token());
        using var response = await node.Client.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, answer);
        using var json = System.Text.Json.JsonDocument.Parse(answer);
        Assert.True(JobId.TryParse(json.RootElement.GetProperty("jobId").GetString()!, out var job));
        return job;
    }

    /// <summary>From now on the store is as fast as any.</summary>
    public Task HurryAsync() => Service.ExecuteAsync("update public.pace set seconds = 0");

    /// <summary>The database's clock.</summary>
    public async Task<DateTimeOffset> NowAsync() => await InstantAsync("select clock_timestamp()");

    /// <summary>An instant that a statement gives.</summary>
    public async Task<DateTimeOffset> InstantAsync(string sql, params object[] parameters) =>
        new(await Service.ScalarAsync<DateTime>(sql, parameters));

    /// <summary>The server's processes that hold lanes.</summary>
    public Task<int[]> HoldersAsync() => Service.ScalarAsync<int[]>(
        """
        select coalesce(array_agg(pid), '{}') from pg_locks
        where locktype = 'advisory' and classid::bigint = $1::bigint & 4294967295 and objsubid = 2 and granted
            and database = (select oid from pg_database where datname = current_database())
        """,
        (long)LaneDatabase.KeyOf(Window));

    /// <summary>How many batches of a job are recorded.</summary>
    public Task<long> BatchesAsync(JobId job) => Service.ScalarAsync<long>(
        "select count(distinct timestamp) from ledger.mt_events where stream_id = $1 and type = 'conversation_deleted'", job.Value);

    /// <summary>When a channel user's first conversation was deleted after an instant.</summary>
    public async Task<DateTimeOffset> WentOnAsync(string cId, DateTimeOffset after)
    {
        const string Next = "select min(at) from public.deletions where cid = $1 and at > $2";
        await Scene.UntilAsync("the job goes on", () => Service.ScalarAsync<bool>(
            $"select ({Next}) is not null", cId, after.UtcDateTime));
        return await InstantAsync(Next, cId, after.UtcDateTime);
    }

    /// <summary>Waits for the jobs' end, and holds all that is recorded against all else.</summary>
    public async Task EndsExactlyAsync(params IReadOnlyCollection<JobId> jobs)
    {
        await HurryAsync();
        await Scene.UntilAsync("all jobs end", () => Service.ScalarAsync<bool>(
            "select count(*) = $1 from ledger.mt_doc_job where status = 'completed'", jobs.Count));
        Assert.Equal(0, await Service.CountConversationsAsync());
        await Service.AssertRecordsAgreeAsync();
        // A deletion and its outcome were committed together, and once.
        var deletions = await Service.ScalarAsync<long>("select count(*) from public.deletions");
        Assert.Equal(deletions, await Service.ScalarAsync<long>(
            "select count(*) from ledger.mt_events where type = 'conversation_deleted'"));
        Assert.Equal(jobs.Count, await Service.ScalarAsync<long>("select count(*) from ledger.mt_events where type = 'started'"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Values)
            await node.DisposeAsync();
        await Service.DisposeAsync();
    }
}
