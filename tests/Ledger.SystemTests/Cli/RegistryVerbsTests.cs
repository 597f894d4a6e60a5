using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Cli.Run;
using Ledger.Hosting;
using Ledger.Keys;
using Ledger.Web;
using Microsoft.AspNetCore.Builder;

namespace Ledger.SystemTests.Cli;

public sealed class RegistryVerbsTests
{
    [Fact]
    public async Task Migrating_again_changes_nothing_and_leaves_a_changed_default_window_alone()
    {
        await using var cli = await CliDatabase.CreateAsync();
        Assert.Contains("default\t0 0 18 * * ?\tUTC\t08:00:00\t4\t", await cli.DoAsync("window", "list"), StringComparison.Ordinal);
        await cli.DoAsync(
            "window", "add", "default", "--cron", "0 30 1 * * ?", "--zone", "Europe/Berlin", "--length", "90m", "--lanes", "2");
        var again = await CliDatabase.RunAsync(["migrate", "--connection", cli.Administrator]);
        Assert.Equal((0, "The database is up to date."), (again.ExitCode, again.Output.Trim()));
        Assert.Contains(
            "default\t0 30 1 * * ?\tEurope/Berlin\t01:30:00\t2\t", await cli.DoAsync("window", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Windows_are_listed_with_their_next_openings_or_why_there_are_none()
    {
        await using var cli = await CliDatabase.CreateAsync();
        // On the day on which Dublin's clocks skip 01:30, every year: it opens when they show 02:00.
        await cli.DoAsync("window", "add", "dub", "--cron", "0 30 1 ? 3 SUNL", "--zone", "Europe/Dublin", "--length", "6h");
        await cli.DoAsync("window", "add", "over", "--cron", "0 5 16 29 11 ?", "--length", "1h");
        await cli.ExecuteAsync(
            """update ledger.mt_doc_deletionwindow set data = data || '{"cron":"0 5 16 29 11 ? 2026"}' where data ->> 'name' = 'over'""");

        var list = await cli.DoAsync("window", "list");
        Assert.Matches("dub\t0 30 1 \\? 3 SUNL\tEurope/Dublin\t.*\t([0-9]{4}-03-[0-9]{2}T01:00:00.000Z,? ?){3}", list);
        Assert.Matches("over\t0 5 16 29 11 \\? 2026\t.*\tno\tnever: its cron expression cannot be used: it names a year \\(2026\\)", list);
        foreach (var (cron, told) in new[] { ("0 0 18 ? * 1", "write 0 0 18 ? * SUN"), ("0 5 16 29 11 ? 2026", "it names a year") })
            Assert.Contains(told, await cli.RefusedAsync(2, "window", "add", "w", "--cron", cron), StringComparison.Ordinal);
        var refused = await cli.RefusedAsync(1, "bot", "add", "st-1", "--window", "over");
        Assert.Contains("the window 'over' never opens again", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bot_is_registered_changed_and_listed()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync(
            "bot", "add", "st-1", "--owner-mail", "owner@example.com", "--created", "2024-03-01", "--retention-days", "30", "--actor",
            "mia", "--reason", "asked for");
        await cli.DoAsync("bot", "add", "st-1", "--owner-mail", "owner@example.com", "--created", "2024-03-01", "--retention-days", "30");
        Assert.Equal(
            1,
            await cli.ScalarAsync<long>(
                "select count(*) from ledger.mt_events where type = 'bot_registered' and data->>'actor' = 'mia' and data->>'reason' = "
                + "'asked for'"
            )
        );
        Assert.Contains(
            "change it with `ledger bot set`", await cli.RefusedAsync(1, "bot", "add", "st-1", "--retention-days", "31"),
            StringComparison.Ordinal);
        Assert.Contains(
            "there is no window 'night'", await cli.RefusedAsync(1, "bot", "add", "st-2", "--window", "night"), StringComparison.Ordinal);
        Assert.Contains(
            "register it with `ledger bot add`", await cli.RefusedAsync(1, "bot", "set", "st-3", "--retention-days", "0"),
            StringComparison.Ordinal);

        foreach (var verb in new[] { "add", "set" })
        {
            foreach (var option in new[] { "--owner-mail", "--webhook" })
            {
                var refused = await cli.RefusedAsync(2, "bot", verb, "st-1", option, "");
                Assert.Contains($"{option} is empty", refused, StringComparison.Ordinal);
            }
            Assert.Contains(
                "(SMTPUTF8)", await cli.RefusedAsync(1, "bot", verb, "st-1", "--owner-mail", "m\u00fcller@example.org"),
                StringComparison.Ordinal);
        }
        await cli.DoAsync("bot", "set", "st-1", "--retention-days", "0", "--created", "2024-02-01T12:00:00+02:00");
        Assert.Matches("st-1\towner@example.com\t2024-02-01T10:00:00.000Z\tfor ever\tfor ever\tdefault", await cli.DoAsync("bot", "list"));
    }

    [Fact]
    public async Task Deletions_are_paused_and_resumed_and_the_lists_say_so()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("bot", "add", "st-1");
        Assert.Contains("say why", await cli.RefusedAsync(2, "pause", "--bot", "st-1"), StringComparison.Ordinal);
        var unknown = await cli.RefusedAsync(1, "pause", "--bot", "st-2", "--reason", "r");
        Assert.Contains("there is no such bot", unknown, StringComparison.Ordinal);
        Assert.Contains("The deletions of the bot st-1 are paused. No batch is at work.", await cli.DoAsync(
            "pause", "--bot", "st-1", "--reason", "a claim", "--actor", "mia"), StringComparison.Ordinal);
        Assert.Contains("\tby mia: a claim\t", await cli.DoAsync("bot", "list"), StringComparison.Ordinal);
        await cli.DoAsync("pause", "--reason", "a move", "--actor", "mia");
        Assert.Contains(
            "The deletions of all bots are paused, by mia: a move", (await cli.TryAsync("bot", "list")).Error, StringComparison.Ordinal);
        await cli.DoAsync("resume");
        Assert.Contains("are not paused", await cli.DoAsync("resume", "--bot", "st-1"), StringComparison.Ordinal);
        var list = await cli.TryAsync("bot", "list");
        Assert.DoesNotContain("mia", list.Output + list.Error, StringComparison.Ordinal);
        Assert.Equal(4, await cli.ScalarAsync<long>("select count(*) from ledger.mt_events where type like 'deletions_%'"));
    }

    [Fact]
    public async Task A_client_that_was_added_and_granted_calls_the_API_with_a_minted_token_until_it_is_revoked()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("bot", "add", "st-1", "--created", "2024-03-01");
        var added = await cli.DoAsync("client", "add", "cs-1", "--bot", "st-1", "--scope", "delete-conversations");
        Assert.Contains("secret: ", added, StringComparison.Ordinal);
        await using var node = await StartNodeAsync(cli);
        using var http = new HttpClient { BaseAddress = new Uri(ServeCommand.Addresses(node).Single()) };

        // Ours, and one that a client made by itself from the text that it was shown.
        var secret = added.Split('\n').Single(line => line.StartsWith("secret: ", StringComparison.Ordinal))["secret: ".Length..].Trim();
        var job = await SubmitAsync(
            http, (await cli.DoAsync("token", "--client", "cs-1", "--scope", "Delete Conversations")).Trim(), HttpStatusCode.Accepted);
        await SubmitAsync(http, TestService.Sign("cs-1", Encoding.UTF8.GetBytes(secret)), HttpStatusCode.Accepted);
        var once = (await cli.DoAsync("token", "--client", "cs-1", "--jti", "--expires", "1m")).Trim();
        await SubmitAsync(http, once, HttpStatusCode.Accepted);
        await SubmitAsync(http, once, HttpStatusCode.Unauthorized);

        Assert.Equal(
            3,
            (await cli.DoAsync("jobs", "--bot", "st-1", "--status", "queued"))
                .Split('\n')
                .Count(line => line.StartsWith("cdj-", StringComparison.Ordinal))
        );
        Assert.Contains("there is no such bot", await cli.RefusedAsync(1, "jobs", "--bot", "st-2"), StringComparison.Ordinal);
        Assert.Matches("status\tqueued \\(waiting\\)", await cli.DoAsync("status", job!));
        Assert.Equal(job, JsonDocument.Parse(await cli.DoAsync("status", job!, "--json")).RootElement.GetProperty("jobId").GetString());
        Assert.Contains(
            "there is no such job", await cli.RefusedAsync(1, "status", "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c"),
            StringComparison.Ordinal);

        // Rotation: both secrets are good until --finish.
        var rotated = (await cli.DoAsync("client", "rotate", "cs-1"))["secret: ".Length..].Trim();
        await SubmitAsync(http, TestService.Sign("cs-1", Encoding.UTF8.GetBytes(secret)), HttpStatusCode.Accepted);
        await SubmitAsync(http, TestService.Sign("cs-1", Encoding.UTF8.GetBytes(rotated)), HttpStatusCode.Accepted);
        await cli.DoAsync("client", "rotate", "cs-1", "--finish");
        await BecomesAsync(http, () => TestService.Sign("cs-1", Encoding.UTF8.GetBytes(secret)), HttpStatusCode.Unauthorized);
        await SubmitAsync(http, TestService.Sign("cs-1", Encoding.UTF8.GetBytes(rotated)), HttpStatusCode.Accepted);

        await cli.DoAsync("client", "grant", "cs-1", "--bot", "st-1", "--scope", "Ledger Audit");
        Assert.Matches("cs-1\tHS256\toptional\t1\tst-1: Ledger Audit", await cli.DoAsync("client", "list"));
        await BecomesAsync(http, () => TestService.Sign("cs-1", Encoding.UTF8.GetBytes(rotated)), HttpStatusCode.Forbidden);
        Assert.Contains(
            "warning: the client has 'Delete Conversations' for no bot",
            (await cli.TryAsync("token", "--client", "cs-1", "--scope", "DELETE conversations")).Error, StringComparison.Ordinal);
        await cli.DoAsync("client", "revoke", "cs-1", "--bot", "st-1");
        await BecomesAsync(http, () => TestService.Sign("cs-1", Encoding.UTF8.GetBytes(rotated)), HttpStatusCode.Unauthorized);
        await cli.DoAsync("client", "revoke", "cs-1", "--yes");
        Assert.Contains("revoked for good", await cli.DoAsync("client", "list"), StringComparison.Ordinal);
        Assert.Contains(
            "it was revoked", await cli.RefusedAsync(1, "client", "grant", "cs-1", "--bot", "st-1", "--scope", "logs-history"),
            StringComparison.Ordinal);
        Assert.Contains("it was revoked", await cli.RefusedAsync(1, "token", "--client", "cs-1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task For_all_bots_only_Ledger_Audit_can_be_granted()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("bot", "add", "st-1");
        await cli.DoAsync("client", "add", "auditor", "--bot", "*", "--scope", "ledger-audit");
        await cli.DoAsync("client", "grant", "auditor", "--bot", "*", "--scope", "ledger-audit");
        await cli.DoAsync("client", "grant", "auditor", "--bot", "st-1", "--scope", "logs-history");
        Assert.Contains("st-1: Logs History; *: Ledger Audit", await cli.DoAsync("client", "list"), StringComparison.Ordinal);
        Assert.Equal(1, await cli.ScalarAsync<long>("select count(*) from ledger.mt_events where type = 'ledger_audit_granted'"));
        foreach (var verb in new[] { "add", "grant" })
        {
            var refused = await cli.RefusedAsync(
                2, "client", verb, "auditor", "--bot", "*", "--scope", "ledger-audit", "--scope", "logs-history");
            Assert.Contains("only 'Ledger Audit' can be granted", refused, StringComparison.Ordinal);
        }
        Assert.Contains("stands for all bots", await cli.RefusedAsync(1, "bot", "add", "*"), StringComparison.Ordinal);
        await cli.DoAsync("client", "revoke", "auditor", "--bot", "*");
        Assert.Contains("\tst-1: Logs History", await cli.DoAsync("client", "list"), StringComparison.Ordinal);
        Assert.DoesNotContain("*: Ledger Audit", await cli.DoAsync("client", "list"), StringComparison.Ordinal);

        await cli.DoAsync("bot", "set", "st-1", "--submits-per-minute", "600", "--polls-per-hour", "9");
        await cli.DoAsync("bot", "set", "st-1", "--polls-per-hour", "0", "--retention-days", "30");
        Assert.Contains("\t30 days\t", await cli.DoAsync("bot", "list"), StringComparison.Ordinal);
        Assert.Contains("\t600 submits/min\t", await cli.DoAsync("bot", "list"), StringComparison.Ordinal);
        Assert.Contains("from 1 on", await cli.RefusedAsync(1, "bot", "set", "st-1", "--polls-per-hour", "-1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_may_bring_a_public_key_and_nothing_else_in_its_place()
    {
        await using var cli = await CliDatabase.CreateAsync();
        using var rsa = RSA.Create(2048);
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = await cli.FileAsync(rsa.ExportSubjectPublicKeyInfoPem());
        Assert.DoesNotContain(
            "secret", await cli.DoAsync("client", "add", "cs-rsa", "--alg", "RS256", "--public-key", pem, "--require-expiry"),
            StringComparison.Ordinal);
        await cli.DoAsync(
            "client", "add", "cs-ec", "--alg", "ES256", "--public-key", await cli.FileAsync(ecdsa.ExportSubjectPublicKeyInfoPem()));
        Assert.Matches("cs-rsa\tRS256\trequired\t-\t", await cli.DoAsync("client", "list"));

        Assert.Contains(
            "private key",
            await cli.RefusedAsync(
                1, "client", "add", "cs-2", "--alg", "RS256", "--public-key", await cli.FileAsync(rsa.ExportPkcs8PrivateKeyPem())),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "no public key for ES256", await cli.RefusedAsync(1, "client", "add", "cs-2", "--alg", "ES256", "--public-key", pem),
            StringComparison.Ordinal);
        Assert.Contains(
            "no public key for RS512",
            await cli.RefusedAsync(1, "client", "add", "cs-2", "--alg", "RS512", "--public-key", await cli.FileAsync("nonsense")),
            StringComparison.Ordinal);
        Assert.Contains(
            "leave --public-key out", await cli.RefusedAsync(2, "client", "add", "cs-2", "--public-key", pem), StringComparison.Ordinal);
        Assert.Contains("signs with a key of its own", await cli.RefusedAsync(1, "token", "--client", "cs-rsa"), StringComparison.Ordinal);
        Assert.Contains("no secret to rotate", await cli.RefusedAsync(1, "client", "rotate", "cs-rsa"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_is_not_registered_for_a_bot_that_is_unknown()
    {
        await using var cli = await CliDatabase.CreateAsync();
        Assert.Contains(
            "register it with `ledger bot add`",
            await cli.RefusedAsync(1, "client", "add", "cs-1", "--bot", "st-1", "--scope", "ledger-audit"), StringComparison.Ordinal);
        Assert.Equal(0, await cli.ScalarAsync<long>("select count(*) from ledger.mt_doc_apiclient"));
        var withoutKeys = await CliDatabase.RunAsync([
            "client", "add", "cs-1", "--connection", cli.Service, "--keys", Path.Combine(cli.Folder, "none"),
        ]);
        Assert.Equal(1, withoutKeys.ExitCode);
        Assert.Contains("ledger key new", withoutKeys.Error, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartNodeAsync(CliDatabase cli)
    {
        var node = LedgerService.Build(new ServiceSettings
        {
            Connection = cli.Service,
            Keys = KeyFolder.Open(cli.Keys),
            Urls = "http://127.0.0.1:0",
            Turns = null,
            Engine = null,
            Http = new HttpOptions { Submits = null, Polls = null },
        });
        await node.StartAsync();
        return node;
    }

    private static async Task<string?> SubmitAsync(HttpClient http, string token, HttpStatusCode expected)
    {
        var (status, body) = await PostAsync(http, token);
        Assert.True(expected == status, body);
        return status == HttpStatusCode.Accepted ? JsonDocument.Parse(body).RootElement.GetProperty("jobId").GetString() : null;
    }

    /// <summary>A node's registry is at most a second old: asks until the answer changes.</summary>
    private static async Task BecomesAsync(HttpClient http, Func<string> token, HttpStatusCode expected)
    {
        using var deadline = new CancellationTokenSource(Patience.Limit);
        while ((await PostAsync(http, token())).Status != expected)
            deadline.Token.ThrowIfCancellationRequested();
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(HttpClient http, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/public/bot/st-1/conversations/delete")
        {
            Content = JsonContent.Create(new { cId = "u-1" }),
        };
        request.Headers.Add("auth", token);
        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
