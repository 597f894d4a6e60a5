using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.EventStore;
using Npgsql;

namespace Ledger.Demo;

/// <summary>A channel user of a bot, and the days in the middle of its conversations.</summary>
/// <param name="InMiddleDays">Conversations from <paramref name="FirstDay"/> to <paramref name="LastDay"/>, both inclusive.</param>
internal sealed record DemoUser(string CId, long Conversations, DateOnly FirstDay, DateOnly LastDay, long InMiddleDays)
{
    public override string ToString() => nameof(DemoUser);
}

/// <summary>
/// The real content of the store, seen without the ledger. It takes snapshots into temporary tables of one session, as the tables' owner,
/// and compares them by SQL.
/// </summary>
internal sealed class DemoStore : IAsyncDisposable
{
    public const string Before = "before";
    public const string After = "after";

    private const long OneDemoAtATime = 0x64_65_6D_6F; // "demo"

    private readonly NpgsqlConnection _session;

    private DemoStore(NpgsqlConnection session) => _session = session;

    /// <summary>Opens the session. Waits for another demo on the same data folder: it would change what this one compares.</summary>
    public static async Task<DemoStore> OpenAsync(string ownerConnection, CancellationToken cancel)
    {
        var store = new DemoStore(await LedgerSession.OpenAsync(ownerConnection, SessionKind.Owner, cancel));
        try
        {
            await store.ExecuteAsync($"select pg_advisory_lock({OneDemoAtATime})", [], cancel);
            await store.ExecuteAsync(Text("Prepare"), [], cancel);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Notes what the store holds of these bots.</summary>
    public async Task SnapshotAsync(string moment, string[] bots, CancellationToken cancel)
    {
        await ExecuteAsync(Text("SnapshotConversations"), [moment, bots], cancel);
        await ExecuteAsync(Text("SnapshotAnalytics"), [moment, bots], cancel);
        await ExecuteAsync("analyze demo_conversations; analyze demo_analytics", [], cancel);
    }

    public async Task<string> BusiestBotAsync(string[] bots, CancellationToken cancel) =>
        (await QueryAsync(Text("BusiestBot"), [bots], row => row.GetString(0), cancel)).FirstOrDefault() ?? bots[0];

    /// <summary>The bot's channel users with the most conversations, the busiest first.</summary>
    public Task<List<DemoUser>> UsersAsync(string bot, int limit, CancellationToken cancel) =>
        QueryAsync(
            Text("Users"),
            [bot, limit],
            row => new DemoUser(
                row.GetString(0), row.GetInt64(1), row.GetFieldValue<DateOnly>(2), row.GetFieldValue<DateOnly>(3), row.GetInt64(4)),
            cancel
        );

    /// <summary>Conversations of none of these users.</summary>
    public Task<List<string>> IdsOfOthersAsync(string bot, string[] users, int limit, CancellationToken cancel) =>
        QueryAsync(Text("IdsOfOthers"), [bot, users, limit], row => row.GetString(0), cancel);

    /// <summary>
    /// Notes that a job must delete a user's conversations that started from <paramref name="from"/> until before
    /// <paramref name="until"/>.
    /// </summary>
    public Task ExpectByChannelUserAsync(int job, string bot, string cId, DateTime from, DateTime until, CancellationToken cancel) =>
        ExecuteAsync(Text("ExpectByChannelUser"), [job, bot, cId, from, until], cancel);

    /// <summary>Notes that a job must delete these conversations.</summary>
    public Task ExpectByIdsAsync(int job, string bot, IReadOnlyList<string> ids, CancellationToken cancel) =>
        ExecuteAsync("insert into demo_expected select $1, $2, unnest($3::text[])", [job, bot, ids.ToArray()], cancel);

    /// <summary>Notes what the API says that a job deleted.</summary>
    public Task NoteOutcomesAsync(int job, string bot, IEnumerable<string> ids, CancellationToken cancel) =>
        ExecuteAsync("insert into demo_outcomes select $1, $2, unnest($3::text[])", [job, bot, ids.ToArray()], cancel);

    /// <summary>The number of conversations and items that a job must delete.</summary>
    public async Task<(long Conversations, ItemCounts Items)> ExpectedAsync(int job, CancellationToken cancel) =>
        (await QueryAsync(Text("Expected"), [job], Counts, cancel))[0];

    /// <summary>The number of these that the store no longer holds.</summary>
    public async Task<(long Conversations, ItemCounts Items)> LostAsync(int job, CancellationToken cancel) =>
        (await QueryAsync(Text("Lost"), [job], Counts, cancel))[0];

    /// <summary>In words, everything in which the store is not as it should be.</summary>
    public Task<List<string>> DifferencesAsync(string[] twins, CancellationToken cancel) =>
        QueryAsync(Text("Differences"), [twins], row => $"{row.GetInt64(1):N0} {row.GetString(0)}", cancel);

    /// <summary>A channel user that no job touched, for a person to try; one whose id needs no quoting in a shell.</summary>
    public async Task<string?> UntouchedUserAsync(string bot, CancellationToken cancel) =>
        (await QueryAsync(Text("UntouchedUser"), [bot], row => row.GetString(0), cancel)).FirstOrDefault();

    /// <summary>The job's events.</summary>
    public IAsyncEnumerable<RecordedEvent> EventsAsync(JobId job, CancellationToken cancel) =>
        EventStreams.ReadAsync(_session, job.Value, cancel: cancel);

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private static (long, ItemCounts) Counts(NpgsqlDataReader row) => (
        row.GetInt64(0), new ItemCounts(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)));

    private static string Text(string statement) => Sql.Load(typeof(DemoStore), statement);

    private async Task ExecuteAsync(string sql, object[] parameters, CancellationToken cancel)
    {
        await using var command = Command(sql, parameters);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private async Task<List<T>> QueryAsync<T>(string sql, object[] parameters, Func<NpgsqlDataReader, T> read, CancellationToken cancel)
    {
        var rows = new List<T>();
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            rows.Add(read(reader));
        return rows;
    }

    private NpgsqlCommand Command(string sql, object[] parameters)
    {
        var command = new NpgsqlCommand(sql, _session);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }
}
