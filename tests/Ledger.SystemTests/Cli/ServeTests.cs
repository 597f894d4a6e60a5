using System.Net;
using System.Net.Http.Json;
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
        await cli.DoAsync("bot", "add", "st-1");
        await cli.DoAsync("client", "add", "cs-1", "--bot", "st-1", "--scope", "delete-conversations");
        var environment = new Dictionary<string, string>
        {
            ["NOTIFY_SOCKET"] = Path.Combine(cli.Folder, "notify"),
            ["LEDGER_SUBMITS_PER_HOUR"] = "70",
            ["LEDGER_POLLS_PER_MINUTE"] = "9", // the option counts
            ["LEDGER_POLLS_PER_HOUR"] = "80",
        };
        systemd.Bind(new UnixDomainSocketEndPoint(environment["NOTIFY_SOCKET"]));
        using var ledger = LedgerProcess.Start(
            environment, "serve", "--connection", cli.Service, "--keys", cli.Keys, "--urls", "http://127.0.0.1:0",
            "--submits-per-minute", "7", "--polls-per-minute", "8");
        var address = await ledger.LineAsync("Listening on ");
        var told = new byte[100];
        Assert.Equal("READY=1", Encoding.UTF8.GetString(told, 0, await systemd.ReceiveAsync(told)));
        using (var http = new HttpClient())
        {
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"{address}/health/ready")).StatusCode);
            http.DefaultRequestHeaders.Add("auth", (await cli.DoAsync("token", "--client", "cs-1")).Trim());
            using var submitted = await http.PostAsJsonAsync($"{address}/api/public/bot/st-1/conversations/delete", new { cId = "u" });
            using var polled = await http.GetAsync($"{address}{submitted.Headers.Location}");
            Assert.Equal(
                [
                    "\"submits-per-minute\";q=7;w=60, \"submits-per-hour\";q=70;w=3600",
                    "\"polls-per-minute\";q=8;w=60, \"polls-per-hour\";q=80;w=3600",
                ],
                new[] { submitted, polled }.Select(answer => answer.Headers.GetValues("RateLimit-Policy").Single()));
        }

        var inUse = $"cannot listen on {address}: the address is already in use. Stop the program that has it, or take another port";
        var witness = Path.Combine(cli.Folder, "witness.key");
        await CliDatabase.RunAsync(["witness", "key", "witness.example/w1", "--out", witness]);
        foreach (var (urls, problem) in new[]
        {
            (address, inUse), ($"http://127.0.0.1:0;{address}", inUse), (address.Replace("127.0.0.1", "localhost"), null),
            ("http://192.0.2.1:8080", "cannot listen on http://192.0.2.1:8080: this machine has no such address"),
        })
        {
            string[][] commands =
            [
                ["serve", "--connection", cli.Service, "--keys", cli.Keys, "--urls", urls],
                [
                    "witness", "serve", "--key", witness, "--state", Path.Combine(cli.Folder, "witness"), "--log",
                    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx", "--urls", urls,
                ],
            ];
            foreach (var command in commands)
            {
                var refused = await CliDatabase.RunAsync(command);
                Assert.Equal((1, "", 1), (refused.ExitCode, refused.Output, refused.Error.TrimEnd().Split('\n').Length));
                Assert.Equal($"ledger: {problem ?? inUse.Replace("127.0.0.1", "localhost")}", refused.Error.Trim());
            }
        }
        var demo = await CliDatabase.RunAsync(["demo", "--port", address.Split(':')[^1], "--data", Path.Combine(cli.Folder, "demo")]);
        Assert.Equal((1, "", $"ledger: {inUse}"), (demo.ExitCode, demo.Output, demo.Error.Trim()));
        Assert.False(Directory.Exists(Path.Combine(cli.Folder, "demo"))); // nothing began

        ledger.Terminate();
        Assert.Equal((0, $"Listening on {address}\n"), (await ledger.ExitCodeAsync(), ledger.Output));
    }
}
