namespace Ledger.SystemTests.Cli;

public sealed class KeyCheckTests
{
    [Fact]
    public async Task Keys_that_the_ledger_was_not_first_used_with_are_refused()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("client", "add", "cs-1"); // its first use
        var others = Path.Combine(cli.Folder, "other-keys");
        Assert.Equal(0, (await CliDatabase.RunAsync(["key", "new", "--keys", others])).ExitCode);
        foreach (var verb in new string[][] { ["serve"], ["token", "--client", "cs-1"], ["client", "rotate", "cs-1"] })
        {
            var refused = await CliDatabase.RunAsync([.. verb, "--connection", cli.Service, "--keys", others]);
            Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
            Assert.Contains("not the keys that this ledger was first used with", refused.Error, StringComparison.Ordinal);
        }
        await cli.DoAsync("token", "--client", "cs-1");
    }
}
