using System.CommandLine;
using Ledger.Keys;

namespace Ledger.Cli.Run;

/// <summary><c>ledger key new|rotate</c></summary>
internal static class KeyCommand
{
    public static Verb Verb()
    {
        var add = new Verb(
            "new",
            "Makes a folder with fresh keys for a service on a server's database. A folder that holds keys is never touched.",
            "ledger key new --keys /etc/ledger/keys --origin ledger.example.com/tenant-a",
            "Every node of one database must use one and the same folder, not a copy: `ledger key rotate` changes it. Keep a copy apart "
            + "from the database's backups, and replace\n"
                + "it after each rotation: who holds both can read the ids of erased conversations, and without the keys no job that is "
                + "under way can be finished."
        );
        var folder = new Option<string?>("--keys")
        {
            Description = $"The folder to make (or {DatabaseOptions.KeysVariable}).",
            HelpName = "DIR",
        };
        var origin = new Option<string?>("--origin")
        {
            Description = "The transparency log's name, for ever: a URL without its scheme that is yours. Without: a made-up one.",
            HelpName = "NAME",
        };
        add.Add(folder);
        add.Add(origin);
        add.SetAction(parsed =>
        {
            var keys = OptionValues.OrVariable(parsed.GetValue(folder), DatabaseOptions.KeysVariable);
            if (string.IsNullOrEmpty(keys))
                throw CommandException.Usage($"where to? Name the folder (--keys DIR or {DatabaseOptions.KeysVariable})");
            if (parsed.GetValue(origin) is { } name && LogKeyFile.OriginProblem(name) is { } problem)
                throw CommandException.Usage(problem);
            KeyFolder.Create(keys, parsed.GetValue(origin));
            Terminal.Of(parsed).Line($"Made the keys in {Path.GetFullPath(keys)}. Keep a copy, apart from the database's backups.");
        });
        return new Verb("key", "The keys that live outside the database.", add.Example) { add, KeyRotateCommand.Verb() };
    }
}
