using System.CommandLine;
using Ledger.Cli;
using Ledger.Database.Embedded;

namespace Ledger.Demo;

/// <summary><c>ledger demo</c></summary>
internal static class DemoCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "demo",
            "Shows the whole thing: fills a conversation store, submits deletion jobs over HTTP, runs them, and checks every number and "
            + "every proof.",
            "ledger demo\nledger demo --once --input conversations.jsonl.gz",
            "It needs nothing prepared and keeps to a data folder of its own. With --once it ends after the run: exit code 0 and a last "
            + "line\n"
                + "`OK jobs=<n> conversations=<erased> items=<erased> proof=verified`, or 1 and what differs. Without, it stays up for "
                + "the browser and for curl."
        );
        var once = new Option<bool>("--once") { Description = "End after the run." };
        var input = new Option<string?>("--input")
        {
            Description = "Conversations as `ledger import` takes them, instead of made-up ones.",
            HelpName = "FILE",
        };
        var port = new Option<int>("--port")
        {
            Description = "The port on 127.0.0.1; 0 takes a free one.",
            HelpName = "N",
            DefaultValueFactory = _ => 0,
        };
        port.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && number is < 0 or > 65535)
                result.AddError("--port must be from 0 to 65535");
        });
        var data = new Option<string?>("--data")
        {
            Description = "The demo's data folder. [default: `demo` in the default data folder]",
            HelpName = "DIR",
        };
        foreach (var option in new Option[] { once, input, port, data })
            verb.Add(option);
        verb.SetAction(
            (parsed, cancel) =>
            {
                var folder = parsed.GetValue(data) ?? Path.Combine(DataFolder.Default(), "demo");
                return new DemoRun(Terminal.Of(parsed), folder, parsed.GetValue(port)).RunAsync(
                    parsed.GetValue(input), parsed.GetValue(once), cancel);
            }
        );
        return verb;
    }
}
