using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Ledger.Cli;

/// <summary>A command with what its <c>--help</c> shows besides the options.</summary>
/// <param name="name">The word.</param>
/// <param name="summary">The purpose in a sentence or two. It is also shown in the parent's list.</param>
/// <param name="example">Command lines that work, one a line.</param>
/// <param name="details">The facts that a user needs to use it well.</param>
internal sealed class Verb(string name, string summary, string example, string? details = null) : Command(name, summary)
{
    public string Example => example;
    public string? Details => details;
}

/// <summary>The usual help, and below it the verb's details and examples.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var exit = usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        switch (parseResult.CommandResult.Command)
        {
            case Verb verb:
                if (verb.Details is not null)
                    Section(output, "Good to know:", verb.Details);
                Section(output, "Example:", verb.Example);
                break;
            case RootCommand:
                Section(output, "Start here:", "ledger demo --once\nledger serve --embedded");
                break;
        }
        return exit;
    }

    /// <summary><c>ledger client add</c></summary>
    public static string Path(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Path(parent)} {result.Command.Name}" : "ledger";

    private static void Section(TextWriter output, string title, string text)
    {
        output.WriteLine(title);
        foreach (var line in text.Split('\n'))
            output.WriteLine($"  {line}");
        output.WriteLine();
    }
}
