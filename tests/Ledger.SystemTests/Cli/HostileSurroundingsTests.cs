using System.CommandLine;
using Ledger.Cli;
using Ledger.SystemTests.Notifications;

namespace Ledger.SystemTests.Cli;

/// <summary>
/// Options decide alone: neither files that happen to lie there nor variables of the environment, and no proxy sees what stays here.
/// </summary>
public sealed class HostileSurroundingsTests
{
    [SkippableFact]
    public async Task The_service_a_witness_and_the_verbs_do_what_their_options_say_and_no_proxy_is_asked()
    {
        Requires.That(OperatingSystem.IsLinux(), "Linux's /proc");
        await using var cli = await CliDatabase.CreateAsync();
        using var hostile = await HostileSurroundings.CreateAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await cli.DoAsync("window", "add", "always", "--cron", "0 0 * * * ?", "--length", "2h");
        await cli.DoAsync("bot", "add", "st-1", "--created", "2024-03-01", "--window", "always", "--webhook", receiver.Url);
        await cli.DoAsync("client", "add", "cs-1", "--bot", "st-1", "--scope", "delete-conversations", "--scope", "ledger-audit");
        hostile.Environment[ServiceAccess.TokenVariable] = (await cli.DoAsync("token", "--client", "cs-1")).Trim();

        var log = (await CliDatabase.RunAsync(["log", "key", "--keys", cli.Keys])).Output.Trim();
        var (key, policy) = (Path.Combine(cli.Folder, "witness.key"), Path.Combine(cli.Folder, "policy"));
        var vkey = (await CliDatabase.RunAsync(["witness", "key", "witness.example/w1", "--out", key])).Output.Trim();
        using var witness = hostile.StartWithoutInotify(
            "witness", "serve", "--key", key, "--state", Path.Combine(cli.Folder, "witness"), "--log", log, "--urls", "http://127.0.0.1:0");
        await File.WriteAllTextAsync(policy, $"log {log}\nwitness w1 {vkey} {await witness.LineAsync("Listening on ")}\nquorum w1\n");
        using var serve = hostile.StartWithoutInotify(
            "serve", "--connection", cli.Service, "--keys", cli.Keys, "--urls", "http://127.0.0.1:0", "--witness-policy", policy);
        var address = await serve.LineAsync("Listening on ");
        foreach (var process in new[] { serve, witness })
            Assert.Single(process.Output.Split('\n'), line => line.StartsWith("Listening on ", StringComparison.Ordinal));

        var ids = await cli.FileAsync("conv-1\n");
        using var submit = hostile.StartWithoutInotify("submit", "--bot", "st-1", "--ids", ids, "--url", address);
        Assert.True(await submit.ExitCodeAsync() == ExitCodes.Done, submit.Error);
        await Execution.Steps.UntilAsync("no webhook comes", () => Task.FromResult(receiver.Messages.Count == 1));
        var mirror = Path.Combine(cli.Folder, "mirror");
        using var export = hostile.StartWithoutInotify("log", "export", mirror, "--from", $"{address}/log", "--key", log);
        Assert.True(await export.ExitCodeAsync() == ExitCodes.Done, export.Error);
        var checkpoint = await File.ReadAllTextAsync(Path.Combine(mirror, "checkpoint"));
        Assert.Contains("— witness.example/w1 ", checkpoint, StringComparison.Ordinal);

        hostile.AssertIgnored(serve, witness);
        // The level that the file and the variables ask for would have silenced this.
        Assert.Contains("Mail is not configured", serve.Output + serve.Error, StringComparison.Ordinal);
        foreach (var process in new[] { serve, witness })
        {
            process.Terminate();
            Assert.Equal(0, await process.ExitCodeAsync());
        }
    }

    [Fact]
    public void Every_verb_that_sends_a_token_asks_before_it_does_so_over_http()
    {
        var sending = Verbs(CommandLine.Root())
            .Where(verb => verb.Options.Any(option => option.Name.StartsWith("--token", StringComparison.Ordinal))).ToList();
        Assert.Equal(["submit", "cancel", "export"], sending.Select(verb => verb.Name));
        Assert.All(sending, verb => Assert.Contains(verb.Options, option => option.Name == "--allow-http"));

        static IEnumerable<Command> Verbs(Command command) => command.Subcommands.SelectMany(Verbs).Prepend(command);
    }

    [SkippableFact]
    public async Task A_token_goes_to_another_machine_over_http_only_where_that_is_asked_for()
    {
        await using var cli = await CliDatabase.CreateAsync();
        var (ids, token) = (await cli.FileAsync("conv-1\n"), await cli.FileAsync("a.b.c\n"));
        string[] submit = ["submit", "--bot", "st-1", "--ids", ids, "--token-file", token, "--url", "http://ledger.invalid"];

        var refused = await CliDatabase.RunAsync(submit);
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("--allow-http", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("conv-1", refused.Error, StringComparison.Ordinal);
        var asked = await CliDatabase.RunAsync([.. submit, "--allow-http"]);
        Assert.Equal(1, asked.ExitCode);
        Assert.DoesNotContain("--allow-http", asked.Error, StringComparison.Ordinal);

        string[] export = ["log", "export", Path.Combine(cli.Folder, "mirror"), "--from", "http://ledger.invalid/log"];
        var withToken = new Dictionary<string, string> { [ServiceAccess.TokenVariable] = "a.b.c" };
        using var exportRefused = LedgerProcess.Start(withToken, export);
        using var exportAsked = LedgerProcess.Start(withToken, [.. export, "--allow-http"]);
        Assert.Equal((2, 1), (await exportRefused.ExitCodeAsync(), await exportAsked.ExitCodeAsync()));
        Assert.Contains("--allow-http", exportRefused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--allow-http", exportAsked.Error, StringComparison.Ordinal);
        // Without a token there is nothing to read on the way but the log, which is public.
        Assert.Equal(1, (await CliDatabase.RunAsync(export)).ExitCode);
    }
}
