using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Log.Sequencing;
using Ledger.SystemTests;

namespace Ledger.Chaos;

/// <summary>A ledger with conversations, whose node and whose PostgreSQL can be killed, and what must be true in the end.</summary>
public sealed class Scene : IAsyncDisposable
{
    /// <summary>More than two batches, and more than two manifest rows.</summary>
    public const int Conversations = 2500;

    private const string Key = "the-one-submission";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TestService _service;
    private Node? _node;

    private Scene(TestService service) => _service = service;

    public Node Node => _node!;

    /// <summary>What the nodes that are started are told beside the database and its keys.</summary>
    public Dictionary<string, string> Environment { get; } = [];
    public TestService Service => _service;

    public static async Task<Scene> SetAsync()
    {
        // The service in this process only prepares and inspects: it runs no turns.
        var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        await service.AddConversationsAsync("theirs", Conversations, "user-1");
        await service.AddConversationsAsync("other", 5, "user-2");
        return new Scene(service);
    }

    public async Task StartNodeAsync(string? faultPoint = null) =>
        _node = await Node.StartAsync(
            _service.Database.ConnectionStringFor("ledger_service"), _service.KeyDirectory, faultPoint, Environment);

    /// <summary>Kills the node and starts another one in its place.</summary>
    public async Task KillNodeAsync(string? faultPoint = null)
    {
        await Node.KillAsync();
        await Node.DisposeAsync();
        await StartNodeAsync(faultPoint);
    }

    /// <summary>
    /// Kills PostgreSQL's postmaster with its node standing at the fault point, starts PostgreSQL again and lets the node go on.
    /// </summary>
    public async Task KillPostgresAsync()
    {
        await TakePostgresAwayAsync();
        await BringPostgresBackAsync();
        Node.Release();
    }

    /// <summary>SIGKILL of the postmaster.</summary>
    public static async Task TakePostgresAwayAsync()
    {
        var server = await TestDatabase.ServerAsync();
        var postmaster = int.Parse(
            File.ReadLines(Path.Combine(server.DataDirectory, "cluster", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        using (var process = System.Diagnostics.Process.GetProcessById(postmaster))
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    public static async Task BringPostgresBackAsync()
    {
        await (await TestDatabase.ServerAsync()).EnsureRunningAsync(CancellationToken.None);
        Npgsql.NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Submits the job, once or again: the idempotency key makes it the same.</summary>
    public async Task<HttpResponseMessage> SubmitAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _service.Deletions)
        {
            Content = JsonContent.Create(new { cId = "user-1" }),
        };
        request.Headers.Add("auth", _service.Token());
        request.Headers.Add("Idempotency-Key", Key);
        return await Node.Client.SendAsync(request);
    }

    /// <summary>Submits until the answer is 202, as the contract tells a client to.</summary>
    public async Task<string> SubmitUntilAcceptedAsync()
    {
        var job = "";
        await UntilAsync("the submission is accepted", async () =>
        {
            using var response = await SubmitAsync();
            if (!response.IsSuccessStatusCode)
                return false;
            job = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("jobId").GetString()!;
            return true;
        });
        return job;
    }

    /// <summary>
    /// Waits for the job's end and holds everything against everything: the status, the events, the manifest and what the store really
    /// lost.
    /// </summary>
    public async Task EndsExactlyAsync(string job)
    {
        JsonElement status = default;
        await UntilAsync(
            "the job ends", async () => (status = await _service.StatusAsync(job)).GetProperty("status").GetString() != "queued");
        Assert.Equal("completed", status.GetProperty("status").GetString());
        var result = status.GetProperty("result");
        Assert.Equal(Conversations, result.GetProperty("totalConversations").GetInt64());
        Assert.Equal(Conversations, result.GetProperty("deletedCount").GetInt64());
        Assert.Equal(Conversations, result.GetProperty("processedCount").GetInt64());
        Assert.Equal(Conversations, result.GetProperty("deletedItems").GetProperty("logs").GetInt64());
        Assert.Equal(5, await _service.CountConversationsAsync());
        Assert.Equal(25, await _service.CountItemsAsync());

        Assert.True(JobId.TryParse(job, out var id));
        Assert.Equal(1, await _service.ScalarAsync<long>("select count(*) from ledger.mt_streams where type = 'job'"));
        const string Events = "select count({0}) from ledger.mt_events where stream_id = $1 and type = '{1}'";
        long conversationsDeleted = await _service.ScalarAsync<long>(
            string.Format(CultureInfo.InvariantCulture, Events, "*", "conversation_deleted"), id.Value);
        Assert.Equal(Conversations, conversationsDeleted);
        Assert.Equal(
            Conversations,
            await _service.ScalarAsync<long>(
                string.Format(CultureInfo.InvariantCulture, Events, "distinct data->>'ordinal'", "conversation_deleted"), id.Value)
        );
        foreach (var once in new[] { "submitted", "started", "completed" })
            Assert.Equal(1, await _service.ScalarAsync<long>(string.Format(CultureInfo.InvariantCulture, Events, "*", once), id.Value));
        Assert.True(
            await _service.ScalarAsync<bool>(
                "select max(e.version) = count(*) and max(e.version) = max(s.version) and max(e.version) = max(d.mt_version) from "
                + "ledger.mt_events e join ledger.mt_streams s on s.id = e.stream_id join ledger.mt_doc_jobstatus d on d.id = s.id where "
                + "s.id = $1",
                id.Value)
        );
        Assert.Equal(0, await _service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where status = 'queued'"));
        Assert.Equal(
            0L,
            await _service.ScalarAsync<long>(
                "select coalesce(sum(open_count), -1)::bigint from ledger.job_manifest where job_id = $1", id.Value)
        );
    }

    /// <summary>
    /// Waits until every event is covered, and holds the log against a tree calculated anew: each event once, and every checkpoint ever
    /// signed is a root that the tree had.
    /// </summary>
    public async Task LogHoldsAsync()
    {
        await UntilAsync(
            "every event is covered",
            () =>
                _service.ScalarAsync<bool>(
                    "select exists (select from ledger.log_checkpoints where published_at is not null and size = (select count(*) from "
                    + "ledger.mt_events)) and not exists (select from ledger.log_queue)"
                )
        );
        Assert.Equal(
            0,
            await _service.ScalarAsync<long>(
                """
                select count(*) from (select stream_id, version from ledger.mt_events) e full join
                    (select stream_id, first_version + n as version
                        from ledger.log_runs
                        cross join generate_series(0, count - 1) n) l on l.stream_id = e.stream_id and l.version = e.version
                where e.version is null or l.version is null
                """
            )
        );
        await using var connection = new Npgsql.NpgsqlConnection(_service.Database.Superuser);
        await connection.OpenAsync();
        var size = await _service.ScalarAsync<long>("select size from ledger.log_state");
        var (roots, root) = (new Dictionary<long, byte[]>(), new MerkleRoot());
        await foreach (var leaf in StoredLeaf.ReadAsync(connection, 0, size))
        {
            root.AddLeaf(MerkleTree.LeafHash(leaf.Entry()));
            roots.Add(root.Size, root.Root());
        }
        await using var command = new Npgsql.NpgsqlCommand("select note from ledger.log_checkpoints order by size", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var key = LogKeyFile.Read(_service.KeyDirectory).Verifier;
        var signed = new List<Checkpoint>();
        while (await reader.ReadAsync())
            signed.Add(Checkpoint.Open(SignedNote.Parse(reader.GetString(0)), key));
        signed.Add(
            Checkpoint.Open(SignedNote.Parse(await File.ReadAllBytesAsync(Path.Combine(_service.KeyDirectory, "log.checkpoint"))), key));
        Assert.True(signed.Count > 2, $"{signed.Count} checkpoints");
        Assert.All(signed, checkpoint => Assert.Equal(roots[checkpoint.Size], checkpoint.Root));
    }

    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                if (await condition())
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or Npgsql.NpgsqlException or TaskCanceledException)
            {
                // Whatever was killed is not back yet.
            }
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"not within {Patience.TotalSeconds} s: {what}");
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
            await _node.DisposeAsync();
        await _service.DisposeAsync();
    }
}
