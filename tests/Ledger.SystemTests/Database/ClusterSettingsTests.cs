using Ledger.Database;
using Ledger.Database.Embedded;
using Ledger.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.SystemTests.Database;

/// <summary>
/// What stands in the cluster's own configuration, before a session begins and under one that lasts. On a cluster of its own: others
/// would have it too.
/// </summary>
public sealed class ClusterSettingsTests
{
    [SkippableFact]
    public async Task What_the_configuration_says_is_overruled_or_found()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var options = new EmbeddedPostgresOptions { DataDirectory = folder.Path, Fsync = false };
        await using var database = await EmbeddedDatabase.OpenAsync(
            options, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        await using var source = ServiceDatabase.Source(database.ServiceConnection);
        await using var lasting = await source.OpenConnectionAsync();
        Assert.Null(await ProblemAsync(source));

        // What a session sets itself holds in one that lasts, and in one that begins later.
        foreach (var (name, value) in SettingsTests.Hostile)
            await ExecuteAsync(database, $"alter system set {name} = {(name == "search_path" ? value : $"'{value}'")}");
        await ReloadAsync(database, "default_transaction_isolation", "serializable");
        await using var later = await source.OpenConnectionAsync();
        foreach (var session in new[] { lasting, later })
            Assert.Equal("on off read committed pg_catalog, pg_temp 0", await ShownAsync(session));
        Assert.Null(await ProblemAsync(source));

        // What it cannot set is found, also by a session that has lasted.
        await ExecuteAsync(database, "alter role ledger_service set ledger.may_lose_data = off");
        await FoundAsync(database, source, "full_page_writes", "off", "alter system set full_page_writes = on");
        Assert.Contains("alter system set fsync = on", await FreshProblemAsync(database), StringComparison.Ordinal);
        await ExecuteAsync(database, "alter role ledger_service reset all");
        await FoundAsync(database, source, "session_replication_role", "replica", "session_replication_role");
        await FoundAsync(database, source, "zero_damaged_pages", "on", "zero_damaged_pages");
    }

    private static async Task FoundAsync(EmbeddedDatabase database, NpgsqlDataSource source, string name, string value, string says)
    {
        await ExecuteAsync(database, $"alter system set {name} = '{value}'");
        await ReloadAsync(database, name, value);
        var problem = name == "full_page_writes" ? await FreshProblemAsync(database) : await ProblemAsync(source);
        Assert.Contains(says, problem, StringComparison.Ordinal);
        await ExecuteAsync(database, $"alter system reset {name}");
    }

    /// <summary>By a session that begins now.</summary>
    private static async Task<string?> FreshProblemAsync(EmbeddedDatabase database)
    {
        await using var source = ServiceDatabase.Source(database.ServiceConnection);
        return await ProblemAsync(source);
    }

    private static Task<string?> ProblemAsync(NpgsqlDataSource source) => ServiceDatabase.ProblemAsync(source, CancellationToken.None);

    private static async Task ReloadAsync(EmbeddedDatabase database, string name, string value)
    {
        await ExecuteAsync(database, "select pg_reload_conf()");
        using var deadline = new CancellationTokenSource(Patience.Limit);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!Equals(await ScratchFolder.AskAsync(database.Postgres, $"select current_setting('{name}')"), value))
            await ticks.WaitForNextTickAsync(deadline.Token);
    }

    private static async Task ExecuteAsync(EmbeddedDatabase database, string sql)
    {
        // The tests' own sessions must not suffer from what they set.
        var settings = new NpgsqlConnectionStringBuilder(database.SuperuserConnection)
        {
            Pooling = false,
            Options = "-c default_transaction_read_only=off -c idle_session_timeout=0",
        };
        await DatabaseCheckTests.ExecuteAsync(settings.ConnectionString, sql);
    }

    private static async Task<string> ShownAsync(NpgsqlConnection session)
    {
        await using var command = new NpgsqlCommand(
            "select concat_ws(' ', current_setting('synchronous_commit'), current_setting('row_security'), " +
            "current_setting('transaction_isolation'), current_setting('search_path'), current_setting('lock_timeout'))", session);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
