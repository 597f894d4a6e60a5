using System.Collections.Concurrent;
using System.Diagnostics;
using Ledger.Scheduling;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Ledger.SystemTests.Scheduling;

/// <summary>Nodes that schedule on one database, a registry that a test can change, and a note of every slice.</summary>
internal sealed class LaneCluster : IAsyncDisposable
{
    /// <summary>Open whenever the tests run: each minute for two.</summary>
    public static readonly Window Open = new("open", "0 * * * * ?", "UTC", TimeSpan.FromMinutes(2), 1);

    /// <summary>Closed whenever the tests run: a minute a year, in half a year.</summary>
    public static readonly Window Closed = new(
        "closed", $"0 0 0 1 {((TimeProvider.System.GetUtcNow().Month + 5) % 12) + 1} ?", "UTC", TimeSpan.FromMinutes(1), 1);

    /// <summary>Open for a minute a day, from the second on.</summary>
    public static Window MinuteOf(string name, DateTimeOffset opens) =>
        new(name, $"{opens.Second} {opens.Minute} {opens.Hour} * * ?", "UTC", TimeSpan.FromMinutes(1), 1);

    private readonly TestDatabase database;
    private readonly List<LaneScheduler> nodes = [];
    private readonly ConcurrentDictionary<(string Window, int Lane), int> running = new();

    public TestDatabase Database => database;

    private LaneCluster(TestDatabase database)
    {
        this.database = database;
        Slice = (_, _, _) => Task.CompletedTask;
    }

    public IReadOnlyList<Window> Windows { get; set; } = [];

    public Slice Slice { get; set; }

    /// <summary>What a node waits for when it reads the windows.</summary>
    public Func<Task> Reading { get; set; } = () => Task.CompletedTask;

    public ConcurrentQueue<(string Window, int Lane, int Node)> Fired { get; } = new();

    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>Whether a lane was ever fired while it ran.</summary>
    public bool Overlapped { get; private set; }

    public int MostAtOnce { get; private set; }

    public static async Task<LaneCluster> CreateAsync()
    {
        var fresh = await TestDatabase.CreateAsync();
        await using var owner = NpgsqlDataSource.Create(fresh.Superuser);
        await using var schema = owner.CreateCommand("select to_regnamespace('quartz') is null");
        if ((bool)(await schema.ExecuteScalarAsync())!)
        {
            await using var migration = owner.CreateCommand(Migration());
            await migration.ExecuteNonQueryAsync();
        }

        return new(fresh);
    }

    public async Task<LaneScheduler> StartNode(int threads = 8, TimeSpan? longestPass = null)
    {
        var number = nodes.Count;
        var options = new LaneSchedulerOptions
        {
            MaxThreads = threads,
            PollInterval = TimeSpan.FromMilliseconds(200),
            ReadInterval = TimeSpan.FromMilliseconds(300),
            StopDeadline = TimeSpan.FromSeconds(5),
            LongestPass = longestPass ?? TimeSpan.FromMinutes(1),
        };
        var node = new LaneScheduler(
            database.ConnectionStringFor("ledger_service"),
            async _ =>
            {
                await Reading();
                return Windows;
            },
            (window, lane, cancel) => Note(window, lane, number, cancel),
            options,
            TimeProvider.System,
            new Lines(Log));
        nodes.Add(node);
        await node.StartAsync(CancellationToken.None);
        return node;
    }

    /// <summary>Polls until it holds; fails after 15 s.</summary>
    public Task Until(Func<bool> holds, string what) => Until(() => Task.FromResult(holds()), what);

    public async Task Until(Func<Task<bool>> holds, string what)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            var waited = Stopwatch.GetElapsedTime(since);
            Assert.True(waited < Patience.Limit, $"not within {Patience.Limit.TotalSeconds} s: {what}\n{string.Join("\n", Log)}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    public int Count(string window) => Fired.Count(fired => fired.Window == window);

    public int[] Lanes(string window) => [.. Fired.Where(fired => fired.Window == window).Select(fired => fired.Lane).Distinct().Order()];

    public async Task<T> Query<T>(string sql)
    {
        await using var owner = NpgsqlDataSource.Create(database.Superuser);
        await using var query = owner.CreateCommand(sql);
        return (T)(await query.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(nodes.Select(node => node.StopAsync(CancellationToken.None)));
        nodes.ForEach(node => node.Dispose());
        await database.DisposeAsync();
    }

    private async Task Note(string window, int lane, int node, CancellationToken cancel)
    {
        var key = (window, lane);
        Overlapped |= running.AddOrUpdate(key, 1, (_, n) => n + 1) > 1;
        MostAtOnce = Math.Max(MostAtOnce, running.Values.Sum());
        Fired.Enqueue((window, lane, node));
        try
        {
            await Slice(window, lane, cancel);
        }
        finally
        {
            running.AddOrUpdate(key, 0, (_, n) => n - 1);
        }
    }

    private static string Migration()
    {
        var assembly = typeof(LaneScheduler).Assembly;
        var name = assembly.GetManifestResourceNames().Single(name => name.EndsWith("0002_quartz.sql", StringComparison.Ordinal));
        using var sql = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return sql.ReadToEnd();
    }

    private sealed class Lines(ConcurrentQueue<string> lines) : ILogger<LaneScheduler>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
    }
}
