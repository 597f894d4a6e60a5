using System.Security.Cryptography;
using Ledger.Database.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.SystemTests.Database;

/// <summary>
/// A data folder for tests that start servers of their own, with a space in its path. It lies inside the run's own data folder, so that
/// what a killed run leaves is swept with that one.
/// </summary>
internal sealed class ScratchFolder : IAsyncDisposable
{
    /// <summary>The folder in the run's data folder in which all these lie.</summary>
    public const string Parent = "scratch";

    private readonly List<EmbeddedPostgres> _started = [];

    private readonly bool _isKept;

    private ScratchFolder(string path, bool isKept = false) => (Path, _isKept) = (path, isKept);

    public string Path { get; }

    public string Cluster => System.IO.Path.Combine(Path, "cluster");

    public static async Task<ScratchFolder> CreateAsync()
    {
        var server = await TestDatabase.ServerAsync();
        var path = System.IO.Path.Combine(server.DataDirectory, Parent, $"data {RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        Directory.CreateDirectory(path);
        return new ScratchFolder(path);
    }

    /// <summary>The same folder, to be left there: disposing this one stops the servers that it started, and deletes nothing.</summary>
    public ScratchFolder Kept() => new(Path, isKept: true);

    /// <param name="binDirectory">See <see cref="EmbeddedPostgresOptions"/>.</param>
    /// <param name="within">A folder of its own in this one.</param>
    public async Task<EmbeddedPostgres> StartAsync(string? binDirectory = null, string within = "")
    {
        var options = new EmbeddedPostgresOptions
        {
            DataDirectory = System.IO.Path.Join(Path, within),
            Fsync = false,
            BinDirectory = binDirectory,
        };
        var server = await EmbeddedPostgres.StartAsync(options, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        lock (_started) _started.Add(server);
        return server;
    }

    /// <summary>The running server's process id; null when there is no such process.</summary>
    public int? Pid() => PostmasterFile.Read(Cluster) is { } file && file.IsServerOf(Cluster) ? file.Pid : null;

    public string Log() => File.ReadAllText(System.IO.Path.Combine(Cluster, "server.log"));

    public static async Task<object?> AskAsync(EmbeddedPostgres server, string sql, params object[] values)
    {
        var settings = new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres", "postgres")) { Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _started) await server.DisposeAsync();
        if (!_isKept) Directory.Delete(Path, recursive: true);
    }
}
