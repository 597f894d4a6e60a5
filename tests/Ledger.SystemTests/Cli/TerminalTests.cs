using Ledger.Cli;
using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Cli;

/// <summary>What a person sees on a terminal of 80 columns, and what a script gets.</summary>
public sealed class TerminalTests
{
    public const string Python = "python3 (Debian: apt install python3)";

    [SkippableFact]
    public async Task Each_list_holds_every_cell_on_a_terminal_of_80_columns_and_columns_for_scripts_elsewhere()
    {
        Requires.That(Tool.Path("python3") is not null, Python);
        await using var service = await TestService.StartAsync();
        // Long, with a blank, and with a character of two columns.
        var bot = await service.AddBotAsync("st-a bot 会話 whose name is as long as some are");
        await service.AddConversationsAsync("a", 1, "user-1", bot: bot);
        var job = await service.SubmitAsync(new { cId = "user-1" }, bot);
        await service.RunSlicesAsync();

        using var held = await service.SendAsync(
            HttpMethod.Post, $"/api/public/bot/{Uri.EscapeDataString(bot)}/legal-holds", new { cId = "user-2", reason = "r" });

        string[][] lists =
        [
            ["jobs"], ["messages"], ["bot", "list"], ["window", "list"], ["client", "list"], ["hold", "list"], ["status", job],
            ["replay", job, "--events"],
        ];
        using var ledger = LedgerProcess.AllOnTerminal([.. lists.Select(list => (string[])[.. list, .. Database(service)])]);
        Assert.True(await ledger.ExitCodeAsync() == ExitCodes.Done, ledger.Output + ledger.Error);
        var seen = ledger.Output.Split(SeveralCommands.End)[..^1];
        Assert.Equal(lists.Length, seen.Length);
        foreach (var (list, shown) in lists.Zip(seen))
        {
            var piped = await CliDatabase.RunAsync([.. list, .. Database(service)]);
            var rows = piped.Output.TrimEnd('\n').Split('\n');
            Assert.True(rows.Length > 1, piped.Error);
            Assert.DoesNotContain(rows, row => row.EndsWith(' ') || row.EndsWith('\t'));
            // Openings and instants of the next moment may differ between the two: lists are compared by what stands still.
            var cells = rows.SelectMany(row => row.Split('\t')).Where(cell => !cell.Contains("Z, 2", StringComparison.Ordinal));
            Assert.All(cells, cell => Assert.Contains(cell, shown, StringComparison.Ordinal));
            Assert.DoesNotContain(shown.Split('\n'), line => line.EndsWith(' ') || line.Contains('…') || line.Contains('│'));
            Assert.Single(rows.Select(row => row.Count(c => c == '\t')).Distinct());
        }
        Assert.Contains(job, seen[0], StringComparison.Ordinal);
        Assert.Contains(bot, seen[0], StringComparison.Ordinal);
    }

    /// <summary>The runtime's own pipe would stand in their place: nothing would come from it, and what is written would be lost.</summary>
    [Fact]
    public async Task With_standard_input_or_output_closed_nothing_is_done()
    {
        foreach (var closed in new[] { "<&-", "<&- >&-" })
        {
            using var ledger = LedgerProcess.StartIn(
                "", new Dictionary<string, string>(), ["sh", "-c", $"exec \"$@\" {closed}", "sh"], "find", "--connection", "Host=nowhere");
            Assert.Equal(ExitCodes.Usage, await ledger.ExitCodeAsync());
            Assert.Contains("standard input or output is closed", ledger.Error, StringComparison.Ordinal);
        }
    }

    private static string[] Database(TestService service) => ["--connection", service.Database.ConnectionStringFor("ledger_service")];
}
