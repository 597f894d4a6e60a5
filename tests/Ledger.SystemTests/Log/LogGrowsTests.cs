using Npgsql;

namespace Ledger.SystemTests.Log;

/// <summary>The log's tables only grow: neither the service nor, past its triggers, a superuser changes what is there.</summary>
public sealed class LogGrowsTests
{
    private const string Denied = PostgresErrorCodes.InsufficientPrivilege;
    private const string Refused = "LV001";

    [SkippableFact]
    public async Task What_is_in_the_log_stays()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("first", 300);
        await ledger.WriteAsync();
        await ledger.AppendAsync("second");
        foreach (var (sql, service) in Attempts())
        {
            Assert.True(await RefusalAsync(ledger.Events.Service, sql) == service, $"as the service: {sql}");
            if (!sql.Contains("log_queue", StringComparison.Ordinal))
                Assert.True(await RefusalAsync(ledger.Events.Superuser, sql) == Refused, $"as superuser: {sql}");
        }
        await ledger.WriteAsync();
        await ledger.HoldsAsync();
    }

    private static IEnumerable<(string Sql, string AsService)> Attempts()
    {
        foreach (var table in new[] { "log_runs", "log_tiles", "log_state", "log_checkpoints" })
        {
            yield return ($"delete from ledger.{table}", Denied);
            yield return ($"truncate ledger.{table}", Denied);
        }
        yield return ("insert into ledger.log_queue (stream_id, first_version, last_version) values (gen_random_uuid(), 1, 1)", Denied);
        yield return ("update ledger.log_queue set last_version = last_version + 1", Denied);
        yield return ("truncate ledger.log_queue", Denied);
        yield return ("update ledger.log_runs set count = count + 1", Denied);
        yield return ("update ledger.log_tiles set number = number + 9", Denied);
        yield return ("update ledger.log_tiles set hashes = substr(hashes, 1, 32) where number = 0 and level = 0", Refused);
        yield return ("update ledger.log_tiles set hashes = overlay(hashes placing sha256('x') from 33)", Refused);
        yield return ("update ledger.log_state set size = size - 1", Refused);
        yield return ("update ledger.log_state set root = sha256('x')", Refused);
        yield return ("update ledger.log_state set origin = null", Refused);
        yield return ("update ledger.log_checkpoints set note = 'x' || note", Refused);
        yield return ("update ledger.log_checkpoints set published_at = null", Refused);
        yield return ("update ledger.log_checkpoints set root = sha256('x')", Denied);
        yield return ("update ledger.log_checkpoints set size = size + 1", Denied);
    }

    private static async Task<string?> RefusalAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (await Record.ExceptionAsync(() => command.ExecuteNonQueryAsync()) as PostgresException)?.SqlState;
    }
}
