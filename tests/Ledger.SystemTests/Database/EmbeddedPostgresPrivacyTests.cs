using System.Net;
using System.Net.Sockets;
using Ledger.Database.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.SystemTests.Database;

[Collection(OnOneCluster.Name)]
public sealed class EmbeddedPostgresPrivacyTests(OneCluster cluster)
{
    [SkippableFact]
    public async Task Nobody_gets_in_without_the_password_which_no_process_shows_nor_by_another_address()
    {
        await using var folder = await cluster.FolderAsync();
        var server = await folder.StartAsync();
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres", "postgres"))
        {
            Password = "wrong",
            Pooling = false,
        };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
        Assert.Equal(
            " 0",
            await ScratchFolder.AskAsync(
                server,
                """
                select concat(current_setting('unix_socket_directories'), ' ', count(*))
                from pg_hba_file_rules where auth_method is distinct from 'scram-sha-256'
                """));
        await AssertPasswordIsForItsOwnerAloneAsync(folder, server.Password("postgres"));
        if (OperatingSystem.IsLinux())
            await AssertListensOnOneAddressAsync(server.Port);
    }

    private static async Task AssertPasswordIsForItsOwnerAloneAsync(ScratchFolder folder, string password)
    {
        var file = Path.Combine(folder.Path, "cluster.json");
        Assert.Contains(password, await File.ReadAllTextAsync(file));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var inCluster = Directory.EnumerateFiles(folder.Cluster, "*", SearchOption.TopDirectoryOnly);
        Assert.DoesNotContain(inCluster, f => File.ReadAllText(f).Contains(password));
        if (!OperatingSystem.IsLinux()) return;
        foreach (var shown in new[] { "cmdline", "environ" })
        {
            Assert.DoesNotContain(password, await File.ReadAllTextAsync($"/proc/{folder.Pid()}/{shown}"));
        }
    }

    /// <summary>On Linux, where all of 127.0.0.0/8 is this machine.</summary>
    private static async Task AssertListensOnOneAddressAsync(int port)
    {
        using var elsewhere = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => elsewhere.ConnectAsync(IPAddress.Parse("127.0.0.2"), port));
        using var here = new TcpClient();
        await here.ConnectAsync(IPAddress.Loopback, port);
    }

    [SkippableFact]
    public async Task The_log_holds_no_value_of_a_statement_that_failed_and_durability_is_what_the_options_say()
    {
        const string identifier = "u-e64325ed-4711";
        await using var folder = await cluster.FolderAsync();
        var server = await folder.StartAsync();
        const string Durability = "select concat(current_setting('fsync'), ' ', current_setting('data_checksums'))";
        Assert.Equal("off on", await ScratchFolder.AskAsync(server, Durability));
        var durable = new EmbeddedPostgresOptions { DataDirectory = folder.Path };
        var undurable = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedPostgres.StartAsync(
            durable, TimeProvider.System, NullLogger.Instance, CancellationToken.None));
        Assert.Contains("without fsync", undurable.Message);

        await ScratchFolder.AskAsync(server, "create table users (id text primary key)");
        await ScratchFolder.AskAsync(server, "insert into users values ($1)", identifier);
        await RefusedAsync(server, PostgresErrorCodes.UniqueViolation, "insert into users values ($1)", identifier);
        await RefusedAsync(server, PostgresErrorCodes.InvalidTextRepresentation, "select $1::text::uuid", identifier);
        await RefusedAsync(server, PostgresErrorCodes.UndefinedTable, $"select * from missing where id = '{identifier}'");
        await server.DisposeAsync();

        Assert.Contains("ready to accept connections", folder.Log());
        Assert.DoesNotContain(identifier, folder.Log());
    }

    private static async Task RefusedAsync(EmbeddedPostgres server, string state, string sql, params object[] values)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => ScratchFolder.AskAsync(server, sql, values));
        Assert.Equal(state, refused.SqlState);
    }
}
