using Ledger.Database;
using Ledger.Log;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Database;

/// <summary>What a role, a database or the server's configuration says about sessions: the ledger's own sessions say it again.</summary>
public sealed class SettingsTests
{
    /// <summary>Settings that any of the three may have, and that would change what the ledger does or promises.</summary>
    internal static IReadOnlyList<(string Name, string Value)> Hostile { get; } =
    [
        ("default_transaction_isolation", "serializable"),
        ("default_transaction_read_only", "on"),
        ("default_transaction_deferrable", "on"),
        ("synchronous_commit", "off"),
        ("row_security", "on"),
        ("search_path", "hostile, pg_catalog"),
        ("timezone", "Asia/Kathmandu"),
        ("datestyle", "SQL, DMY"),
        ("intervalstyle", "sql_standard"),
        ("bytea_output", "escape"),
        ("standard_conforming_strings", "off"),
        ("transform_null_equals", "on"),
        ("array_nulls", "off"),
        ("gin_fuzzy_search_limit", "1"),
        ("extra_float_digits", "-15"),
        ("statement_timeout", "5s"),
        ("lock_timeout", "1ms"),
        ("idle_in_transaction_session_timeout", "1ms"),
        ("idle_session_timeout", "5s"),
    ];

    public static TheoryData<string> Places => new("role", "database");

    [SkippableTheory]
    [MemberData(nameof(Places))]
    public async Task Whatever_is_set_a_job_is_accepted_durably_and_completed(string place)
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("c", 3, "u");
        // What a search path would put before the built-in function, and what the session says as it appends.
        await service.ExecuteAsync(
            """
            create schema hostile;
            grant usage on schema hostile to public;
            create function hostile.clock_timestamp() returns timestamptz language sql as $$ select timestamptz '1999-01-01Z' $$;
            create table hostile.seen (name text, value text);
            grant insert on hostile.seen to public;
            create function hostile.look() returns trigger language plpgsql as $$ begin
                insert into hostile.seen select s, current_setting(s)
                from unnest(array['synchronous_commit', 'row_security', 'transaction_isolation', 'search_path',
                    'idle_session_timeout']) s
                where not (s = 'idle_session_timeout' and current_setting('application_name') = 'ledger lanes'
                    and current_setting(s) = '5s'); return null; end $$;
            create trigger look after insert on ledger.mt_events for each statement execute function hostile.look();
            """);
        await SetAsync(service, place);

        var job = await service.SubmitAsync(new { cId = "u" });
        await service.RunSlicesAsync();
        Assert.Equal(("completed", 3), await EndAsync(service, job));
        Assert.Equal(0L, await service.ScalarAsync<long>("select count(*) from conversations.conversations"));
        Assert.Equal(
            "idle_session_timeout=0,row_security=off,search_path=pg_catalog, pg_temp,"
            + "synchronous_commit=on,transaction_isolation=read committed",
            await service.ScalarAsync<string>("select string_agg(distinct name || '=' || value, ',') from hostile.seen"));
    }

    [SkippableFact]
    public async Task A_stronger_synchronous_commit_stands()
    {
        await using var database = await TestDatabase.CreateAsync();
        await ExecuteAsync(database, $"alter role ledger_service in database {database.Name} set synchronous_commit = 'remote_apply'");
        await using var source = ServiceDatabase.Source(database.ConnectionStringFor("ledger_service"));
        await using var shown = source.CreateCommand("select current_setting('synchronous_commit')");
        Assert.Equal("remote_apply", await shown.ExecuteScalarAsync());
    }

    [SkippableTheory]
    [InlineData("session_replication_role", "replica")]
    [InlineData("zero_damaged_pages", "on")]
    [InlineData("ignore_checksum_failure", "on")]
    public async Task What_only_a_superuser_may_set_back_is_refused_with_its_cure(string name, string value)
    {
        await using var database = await TestDatabase.CreateAsync();
        await ExecuteAsync(database, $"alter role ledger_service in database {database.Name} set {name} = '{value}'");
        await using var source = ServiceDatabase.Source(database.ConnectionStringFor("ledger_service"));
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await (await source.OpenConnectionAsync()).DisposeAsync());
        Assert.Contains($"reset {name}", refused.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Options_in_the_connection_string_are_kept_where_no_promise_rests_on_them()
    {
        await using var database = await TestDatabase.CreateAsync();
        var given = new NpgsqlConnectionStringBuilder(database.ConnectionStringFor("ledger_service"))
        {
            Options = "-c work_mem=7MB -c synchronous_commit=off",
        };
        await using var source = ServiceDatabase.Source(given.ConnectionString);
        await using var shown = source.CreateCommand("select current_setting('work_mem') || ' ' || current_setting('synchronous_commit')");
        Assert.Equal("7MB on", await shown.ExecuteScalarAsync());
    }

    private static async Task SetAsync(TestService service, string place)
    {
        var target = place == "role" ? $"role ledger_service in database {service.Database.Name}" : $"database {service.Database.Name}";
        foreach (var (name, value) in Hostile)
            await service.ExecuteAsync($"alter {target} set {name} = {(name == "search_path" ? value : $"'{value}'")}");
        // Sessions from before keep what they had: from here on they are new.
        foreach (var source in new[]
        {
            service.Source, service.Services.GetRequiredService<NpgsqlDataSource>(),
            service.Services.GetRequiredService<LogDatabase>().Source,
        })
            source.Clear();
        service.Services.GetRequiredService<LaneDatabase>().Clear();
    }

    private static async Task<(string?, int)> EndAsync(TestService service, string job)
    {
        var status = await service.StatusAsync(job);
        return (status.GetProperty("status").GetString(), status.GetProperty("result").GetProperty("deletedCount").GetInt32());
    }

    private static async Task ExecuteAsync(TestDatabase database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
