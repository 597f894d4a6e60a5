using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ledger.Database.Embedded;
using Npgsql;

namespace Ledger.SystemTests.Database;

/// <summary>A real pgbouncer in front of a test's database. It drops the options that a client asks for at its start.</summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;
    private readonly int _port;

    private PgBouncer(Process process, string folder, int port) => (_process, _folder, _port) = (process, folder, port);

    /// <param name="behind">A connection string to the server that it stands in front of.</param>
    /// <param name="mode">pgbouncer's <c>pool_mode</c>.</param>
    /// <param name="poolSize">How many server connections it opens for a role.</param>
    public static async Task<PgBouncer> StartAsync(string behind, string mode, int poolSize = 20)
    {
        var program = new[] { "/usr/sbin/pgbouncer", "/usr/bin/pgbouncer" }.FirstOrDefault(File.Exists);
        Requires.That(program is not null, "pgbouncer");
        var server = new NpgsqlConnectionStringBuilder(behind);
        var (folder, port) = (Directory.CreateTempSubdirectory("ledger-bouncer-").FullName, LoopbackPort.Free());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        var users = Path.Combine(folder, "users.txt");
        var settings = Path.Combine(folder, "pgbouncer.ini");
        await File.WriteAllTextAsync(users, string.Concat(await Task.WhenAll(new[] { TestDatabase.Administrator, "ledger_service" }.Select(
            async role => $"\"{role}\" \"{await TestDatabase.PasswordAsync(role)}\"\n"))));
        await File.WriteAllTextAsync(settings,
            $"""
            [databases]
            * = host={server.Host} port={server.Port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {users}
            pool_mode = {mode}
            default_pool_size = {poolSize}
            ignore_startup_parameters = extra_float_digits,options
            """);
        string[] account = Environment.IsPrivilegedProcess ? ["-u", "nobody"] : [];
        var start = new ProcessStartInfo(program!, [.. account, settings]) { UseShellExecute = false, RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var bouncer = new PgBouncer(process, folder, port);
        await bouncer.AnswersAsync();
        return bouncer;
    }

    /// <summary>The same database and role, through the pooler.</summary>
    public string Through(string connection) =>
        new NpgsqlConnectionStringBuilder(connection) { Host = "127.0.0.1", Port = _port }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AnswersAsync()
    {
        using var deadline = new CancellationTokenSource(Patience.Limit);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await ticks.WaitForNextTickAsync(deadline.Token))
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, _port, deadline.Token);
                return;
            }
            catch (SocketException)
            {
                Assert.False(_process.HasExited, "pgbouncer ended at once");
            }
        }
    }
}
