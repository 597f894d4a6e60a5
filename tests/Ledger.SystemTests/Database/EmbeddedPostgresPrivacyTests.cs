using System.Net;
using System.Net.Sockets;
using Ledger.Database.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.SystemTests.Database;

public sealed class EmbeddedPostgresPrivacyTests
{
    [SkippableFact]
    public async Task Nobody_gets_in_without_the_password()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var server = await folder.StartAsync();
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres", "postgres")) { Password = "wrong", Pooling = false };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
        Assert.Equal(0L, await ScratchFolder.AskAsync(server, "select count(*) from pg_hba_file_rules where auth_method is distinct from 'scram-sha-256'"));
    }

    [SkippableFact]
    public async Task The_server_listens_on_one_loopback_address_only()
    {
        Requires.That(OperatingSystem.IsLinux(), "Linux, where all of 127.0.0.0/8 is this machine");
        await using var folder = await ScratchFolder.CreateAsync();
        var server = await folder.StartAsync();
        using var elsewhere = new TcpClient();

        await Assert.ThrowsAsync<SocketException>(() => elsewhere.ConnectAsync(IPAddress.Parse("127.0.0.2"), server.Port));
        using var here = new TcpClient();
        await here.ConnectAsync(IPAddress.Loopback, server.Port);
        Assert.Equal("", await ScratchFolder.AskAsync(server, "select current_setting('unix_socket_directories')"));
    }

    [SkippableFact]
    public async Task The_password_file_is_for_its_owner_alone_and_no_process_shows_a_password()
    {
        Requires.That(OperatingSystem.IsLinux(), "Linux's /proc");
        await using var folder = await ScratchFolder.CreateAsync();
        var server = await folder.StartAsync();
        var password = server.Password("postgres");
        var file = Path.Combine(folder.Path, "cluster.json");

        Assert.Contains(password, await File.ReadAllTextAsync(file));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        foreach (var shown in new[] { "cmdline", "environ" })
        {
            Assert.DoesNotContain(password, await File.ReadAllTextAsync($"/proc/{folder.Pid()}/{shown}"));
        }
        var inCluster = Directory.EnumerateFiles(folder.Cluster, "*", SearchOption.TopDirectoryOnly).Where(f => File.ReadAllText(f).Contains(password));
        Assert.Empty(inCluster);
    }

    [SkippableFact]
    public async Task The_log_holds_no_value_of_a_statement_that_failed()
    {
        const string identifier = "u-e64325ed-4711";
        await using var folder = await ScratchFolder.CreateAsync();
        var server = await folder.StartAsync();
        await ScratchFolder.AskAsync(server, "create table users (id text primary key)");
        await ScratchFolder.AskAsync(server, "insert into users values ($1)", identifier);

        await RefusedAsync(server, PostgresErrorCodes.UniqueViolation, "insert into users values ($1)", identifier);
        await RefusedAsync(server, PostgresErrorCodes.InvalidTextRepresentation, "select $1::text::uuid", identifier);
        await RefusedAsync(server, PostgresErrorCodes.UndefinedTable, $"select * from missing where id = '{identifier}'");
        await server.DisposeAsync();

        Assert.Contains("ready to accept connections", folder.Log());
        Assert.DoesNotContain(identifier, folder.Log());
    }

    [SkippableFact]
    public async Task Durability_is_what_the_options_say()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var server = await folder.StartAsync();
        Assert.Equal("off", await ScratchFolder.AskAsync(server, "select current_setting('fsync')"));
        Assert.Equal("on", await ScratchFolder.AskAsync(server, "select current_setting('data_checksums')"));

        var durable = new EmbeddedPostgresOptions { DataDirectory = folder.Path };
        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedPostgres.StartAsync(
            durable, TimeProvider.System, NullLogger.Instance, CancellationToken.None));
        Assert.Contains("without fsync", refused.Message);
    }

    private static async Task RefusedAsync(EmbeddedPostgres server, string state, string sql, params object[] values)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => ScratchFolder.AskAsync(server, sql, values));
        Assert.Equal(state, refused.SqlState);
    }
}
