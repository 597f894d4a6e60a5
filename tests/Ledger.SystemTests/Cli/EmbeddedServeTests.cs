using System.Net;
using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Cli;

/// <summary>
/// <c>ledger serve --embedded</c> on a folder that a demo left, and its ends. The guides' tests start it without a folder.
/// </summary>
[Collection(nameof(FirstDemo))]
public sealed class EmbeddedServeTests(FirstDemo first)
{
    [Fact]
    public async Task Other_verbs_join_it()
    {
        var folder = first.Folder;
        using var ledger = LedgerProcess.Start("serve", "--embedded", "--data", folder.Path, "--urls", "http://127.0.0.1:0");
        var address = await ledger.LineAsync("Listening on ");
        Assert.Equal(0, (await CliDatabase.RunAsync(["bot", "add", "st-1", "--data", folder.Path])).ExitCode);
        Assert.Contains("st-1", (await CliDatabase.RunAsync(["bot", "list", "--data", folder.Path])).Output, StringComparison.Ordinal);
        using (var http = new HttpClient())
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"{address}/health/ready")).StatusCode);
        ledger.Terminate();
        Assert.Equal(0, await ledger.ExitCodeAsync());
        Assert.Null(folder.Pid());
    }

    [SkippableFact]
    public async Task A_terminal_that_hangs_up_stops_the_service_and_its_database()
    {
        Requires.That(Tool.Path("python3") is not null, TerminalTests.Python);
        var folder = first.Folder;
        using var serve = LedgerProcess.OnTerminal("serve", "--embedded", "--data", folder.Path, "--urls", "http://127.0.0.1:0");
        await serve.LineAsync("Listening on ");
        Assert.NotNull(folder.Pid());
        serve.Type([]);
        Assert.Equal(0, await serve.ExitCodeAsync());
        Assert.Null(folder.Pid());
    }
}
