using System.Security.Cryptography;
using System.Text;
using Ledger.Cli;
using Npgsql;

namespace Ledger.SystemTests.Cli;

/// <summary>What a command answered.</summary>
public sealed record CliResult(int ExitCode, string Output, string Error);

/// <summary>The command line on a database of its own, given as <c>--connection</c>, with a key folder and the window 'default'.</summary>
internal sealed class CliDatabase : IAsyncDisposable
{
    private static readonly Lazy<Task<ServiceTemplate>> s_template = new(MakeAsync);

    private readonly TestDatabase _database;

    private CliDatabase(TestDatabase database, string folder) => (_database, Folder) = (database, folder);

    public TestDatabase Database => _database;
    public string Folder { get; }
    public string Keys => Path.Combine(Folder, "keys");
    public string Service => _database.ConnectionStringFor("ledger_service");
    public string Owner => _database.ConnectionStringFor("ledger_owner");

    public static async Task<CliDatabase> CreateAsync()
    {
        var folder = NewFolder();
        return new CliDatabase(await (await s_template.Value).CopyAsync(Path.Combine(folder, "keys"), "ledger_owner"), folder);
    }

    /// <summary>As the verbs make it, once a run.</summary>
    private static async Task<ServiceTemplate> MakeAsync()
    {
        var database = new CliDatabase(await TestDatabase.CreateAsync(), NewFolder());
        // A copy of a database belongs to whoever copied it.
        await database.ExecuteAsync($"alter database {database.Database.Name} owner to ledger_owner");
        Assert.Equal("", (await RunAsync(["migrate", "--connection", database.Owner])).Error);
        Assert.Equal(0, (await RunAsync(["key", "new", "--keys", database.Keys])).ExitCode);
        TestDatabase.AtEnd(() => Directory.Delete(database.Folder, recursive: true));
        return new ServiceTemplate(await database.Database.FreezeAsync(), database.Keys, bot: "", secret: []);
    }

    private static string NewFolder() => Directory.CreateTempSubdirectory("ledger-cli-").FullName;

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
        await using Stream target = gzip ? new System.IO.Compression.GZipStream(stream, System.IO.Compression.CompressionLevel.Fastest) : stream;
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
