using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Ledger.SystemTests.Cli;

/// <summary>What a command answered.</summary>
public sealed record CliResult(int ExitCode, string Output, string Error);

/// <summary>The command line on a database of its own, given as <c>--connection</c>, with a key folder and the window 'default'.</summary>
internal sealed class CliDatabase : IAsyncDisposable
{
    // Made once a run: a database that nobody may connect to any more, and its key folder. Each test gets a copy of both.
    private static readonly Lazy<Task<(string Database, string Keys)>> s_prepared = new(PrepareAsync);

    private readonly TestDatabase _database;

    private CliDatabase(TestDatabase database) => _database = database;

    public TestDatabase Database => _database;
    public string Folder { get; } = Directory.CreateTempSubdirectory("ledger-cli-").FullName;
    public string Keys => Path.Combine(Folder, "keys");
    public string Service => _database.ConnectionStringFor("ledger_service");
    public string Administrator => _database.ConnectionStringFor(TestDatabase.Administrator);

    public static async Task<CliDatabase> CreateAsync()
    {
        var (database, keys) = await s_prepared.Value;
        var copy = new CliDatabase(await TestDatabase.CopyAsync(database, owner: "ledger_owner"));
        ServiceTemplate.CopyKeys(keys, copy.Keys);
        return copy;
    }

    private static async Task<(string Database, string Keys)> PrepareAsync()
    {
        var first = new CliDatabase(await TestDatabase.CreateAsync());
        // A copy of a database belongs to whoever copied it.
        await first.ExecuteAsync($"alter database {first.Database.Name} owner to ledger_owner");
        Assert.Equal("", (await RunAsync(["migrate", "--connection", first.Administrator])).Error);
        Assert.Equal(0, (await RunAsync(["key", "new", "--keys", first.Keys])).ExitCode);
        TestDatabase.AtEnd(() => Directory.Delete(first.Folder, recursive: true));
        return (await first.Database.FreezeAsync(), first.Keys);
    }

    public static async Task<CliResult> RunAsync(IReadOnlyList<string> args, CancellationToken cancel = default)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var exit = await CommandLine.RunAsync(args, TextWriter.Synchronized(output), TextWriter.Synchronized(error), cancel);
        return new CliResult(exit, output.ToString(), error.ToString());
    }

    /// <summary>Runs a verb on this database, which must succeed, and returns its standard output.</summary>
    public async Task<string> DoAsync(params string[] args)
    {
        var result = await TryAsync(args);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }

    /// <summary>Runs a verb on this database.</summary>
    public Task<CliResult> TryAsync(params string[] args)
    {
        var needsKeys = args[0] is "token" or "serve" or "import" || args is ["client", "add" or "rotate", ..]
            || (args[0] == "bot" && args.Contains("--webhook"));
        string[] keys = needsKeys ? ["--keys", Keys] : [];
        return RunAsync([.. args, "--connection", Service, .. keys]);
    }

    /// <summary>Runs a verb that must fail with <paramref name="exitCode"/>, and returns the one line that it told.</summary>
    public async Task<string> RefusedAsync(int exitCode, params string[] args)
    {
        var result = await TryAsync(args);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        return result.Error.Trim();
    }

    /// <summary>A file in this test's folder.</summary>
    public async Task<string> FileAsync(string content, bool gzip = false)
    {
        var file = Path.Combine(Folder, RandomNumberGenerator.GetHexString(8));
        await using var stream = File.Create(file);
        await using Stream target = gzip
            ? new System.IO.Compression.GZipStream(stream, System.IO.Compression.CompressionLevel.Fastest)
            : stream;
        await target.WriteAsync(Encoding.UTF8.GetBytes(content));
        return file;
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(_database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
