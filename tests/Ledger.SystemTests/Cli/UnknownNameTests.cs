namespace Ledger.SystemTests.Cli;

/// <summary>A name that was mistyped is told, and never looks like a bot of which nothing is known.</summary>
public sealed class UnknownNameTests
{
    [Fact]
    public async Task A_verb_that_is_given_an_unknown_bot_or_client_refuses_it()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("bot", "add", "st-1");
        await cli.DoAsync("client", "add", "cs-1", "--bot", "st-1", "--scope", "ledger-audit");
        foreach (var args in new string[][]
        {
            ["hold", "list", "--bot", "TYPO"], ["jobs", "--bot", "TYPO"], ["jobs", "--bot", "ST-1", "--state", "failed"],
            ["messages", "--bot", "TYPO"], ["messages", "--bot", "TYPO", "--retry", "all"],
            ["bot", "set", "TYPO", "--retention-days", "3"],
            ["client", "add", "cs-2", "--bot", "TYPO", "--scope", "logs-history"],
            ["client", "grant", "cs-1", "--bot", "TYPO", "--scope", "logs-history"], ["client", "revoke", "cs-1", "--bot", "TYPO"],
        })
            Assert.Contains("there is no such bot", await cli.RefusedAsync(1, args), StringComparison.Ordinal);
        var proof = await CliDatabase.RunAsync(
        [
            "proof", "--bot", "TYPO", "--from", "2026-01-01", "--to", "2026-01-02", "-o", Path.Combine(cli.Folder, "proofs"),
            "--connection", cli.Service, "--keys", cli.Keys,
        ]);
        Assert.Equal((1, ""), (proof.ExitCode, proof.Output));
        Assert.Contains("there is no such bot", proof.Error, StringComparison.Ordinal);

        foreach (var args in new string[][]
        {
            ["client", "revoke", "TYPO", "--bot", "st-1"], ["client", "revoke", "TYPO", "--yes"],
            ["client", "rotate", "TYPO", "--finish"], ["token", "--client", "TYPO"],
        })
            Assert.Contains("there is no such client", await cli.RefusedAsync(1, args), StringComparison.Ordinal);
        var window = await cli.RefusedAsync(1, "bot", "set", "st-1", "--window", "TYPO");
        Assert.Contains("there is no window 'TYPO'", window, StringComparison.Ordinal);
        foreach (var state in new[] { "TYPO", "99", "1", "failed,cancelled", "" })
            Assert.Contains("--state must be one of", await cli.RefusedAsync(2, "jobs", "--state", state), StringComparison.Ordinal);
        foreach (var a in new[] { "TYPO", "1", "HS256,HS512" })
            Assert.Contains("--alg must be one of", await cli.RefusedAsync(2, "client", "add", "c", "--alg", a), StringComparison.Ordinal);
        await cli.DoAsync("jobs", "--bot", "st-1", "--state", "fAILED");

        // What is known and has nothing is no error.
        Assert.Equal("There is no such job.", (await cli.TryAsync("jobs", "--bot", "st-1")).Error.Trim());
        Assert.Equal(0, (await cli.TryAsync("messages", "--bot", "st-1")).ExitCode);
        await cli.DoAsync("client", "revoke", "cs-1", "--bot", "st-1");
        await cli.DoAsync("client", "revoke", "cs-1", "--bot", "st-1");
    }
}
