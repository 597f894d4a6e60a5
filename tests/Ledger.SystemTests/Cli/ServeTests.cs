using System.Net;
using System.Net.Sockets;
using System.Text;
using Ledger.Database;

namespace Ledger.SystemTests.Cli;

public sealed class ServeTests
{
    [Fact]
    public async Task Without_embedded_it_refuses_to_start_and_names_all_that_is_missing()
    {
        using var ledger = LedgerProcess.Start("serve");
        Assert.Equal(2, await ledger.ExitCodeAsync());
        Assert.Equal("", ledger.Output);
        foreach (
            var named in new[]
            {
                "--connection", "LEDGER_CONNECTION", "ledger migrate", "--keys", "LEDGER_KEYS", "ledger key new", "ledger serve --embedded",
            }
        )
            Assert.Contains(named, ledger.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_refuses_a_role_that_can_rewrite_the_record_a_store_that_would_confirm_no_deletion_and_a_schema_that_is_not_whole()
    {
        await using var cli = await CliDatabase.CreateAsync();
        foreach (var connection in new[] { cli.Administrator, cli.Database.Superuser })
        {
            var refused = await CliDatabase.RunAsync(["serve", "--connection", connection, "--keys", cli.Keys]);
            Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
            Assert.Contains("connect as ledger_service", refused.Error, StringComparison.Ordinal);
        }

        foreach (var table in new[] { "conversations.items", "conversations.conversations" })
        {
            await cli.ExecuteAsync($"alter table {table} disable trigger all");
            Assert.Contains("the foreign key items_of_conversation", await cli.RefusedAsync(1, "serve"), StringComparison.Ordinal);
            await cli.ExecuteAsync($"alter table {table} enable trigger all");
            await using var source = ServiceDatabase.Source(cli.Service);
            Assert.Null(await ServiceDatabase.ProblemAsync(source, CancellationToken.None));
        }

        const string Migrations = "ledger.schema_migrations";
        await cli.ExecuteAsync($"create table kept as select * from {Migrations}; delete from {Migrations} where number = 4");
        Assert.Contains("0004_conversations: run `ledger migrate`", await cli.RefusedAsync(1, "serve"), StringComparison.Ordinal);
        await cli.ExecuteAsync($"insert into {Migrations} select * from kept where number = 4");

        await cli.ExecuteAsync("alter table conversations.items drop constraint items_of_conversation");
        Assert.Contains("the foreign key items_of_conversation", await cli.RefusedAsync(1, "serve"), StringComparison.Ordinal);
        await cli.ExecuteAsync("drop schema ledger cascade");
        Assert.Contains("holds no ledger", await cli.RefusedAsync(1, "serve"), StringComparison.Ordinal);
        Assert.Contains("holds no ledger", await cli.RefusedAsync(1, "bot", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_serves_until_SIGTERM_and_then_ends_cleanly()
    {
        await using var cli = await CliDatabase.CreateAsync();
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = Path.Combine(cli.Folder, "notify") };
        systemd.Bind(new UnixDomainSocketEndPoint(environment["NOTIFY_SOCKET"]));
        using var ledger = LedgerProcess.Start(
            environment, "serve", "--connection", cli.Service, "--keys", cli.Keys, "--urls", "http://127.0.0.1:0");
        var address = await ledger.LineAsync("Listening on ");
        var told = new byte[100];
        Assert.Equal("READY=1", Encoding.UTF8.GetString(told, 0, await systemd.ReceiveAsync(told)));
        using (var http = new HttpClient())
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"{address}/health/ready")).StatusCode);

        var taken = await CliDatabase.RunAsync(["serve", "--connection", cli.Service, "--keys", cli.Keys, "--urls", address]);
        Assert.Equal((1, ""), (taken.ExitCode, taken.Output));
        Assert.Contains("address already in use", taken.Error, StringComparison.Ordinal);

        ledger.Terminate();
        Assert.Equal((0, $"Listening on {address}\n"), (await ledger.ExitCodeAsync(), ledger.Output));
    }
}
