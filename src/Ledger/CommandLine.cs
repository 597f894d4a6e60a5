using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Ledger.Cli;
using Ledger.Cli.Jobs;
using Ledger.Cli.Log;
using Ledger.Cli.Registry;
using Ledger.Cli.Run;
using Ledger.Demo;

namespace Ledger;

/// <summary>The command line: one file per verb, or per group of verbs, beside this one.</summary>
public static class CommandLine
{
    // A service lets the batches that its turns are in come to their end (EngineSetup.StopDeadline), and so does the demo's.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(45);

    /// <summary>The character that .NET puts for bytes in an argument that are not UTF-8. With it, a bot would be registered under another
    /// name.</summary>
    private const char NotUtf8 = '\uFFFD';

    /// <summary>Runs one command.</summary>
    /// <param name="args">Verb, arguments, options.</param>
    /// <param name="output">Results.</param>
    /// <param name="error">Errors, warnings and progress.</param>
    /// <param name="cancel">Stops it, as Ctrl-C, SIGTERM and SIGHUP do.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancel = default)
    {
        if (args.Any(arg => arg.Contains(NotUtf8)))
        {
            error.WriteLine("ledger: an argument is not UTF-8: write it on a terminal, or in a script, that is");
            return ExitCodes.Usage;
        }
        var parsed = Root().Parse(args);
        if (parsed.Action is ParseErrorAction)
            return RefuseUsage(parsed, error);
        if (EmptyIn(parsed) is { } empty)
        {
            error.WriteLine($"ledger: {empty} is empty: leave it out, or say what it is");
            return ExitCodes.Usage;
        }
        try
        {
            var invocation = new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = StopPatience,
            };
            return await parsed.InvokeAsync(invocation, cancel);
        }
        catch (Exception e)
        {
            return Failures.Tell(e, error);
        }
    }

    /// <summary>All verbs.</summary>
    internal static RootCommand Root()
    {
        var root = new RootCommand(
            "The deletion ledger: erases conversations on request in off-peak windows, and keeps the record that proves it.")
        {
            DemoCommand.Verb(),
            ServeCommand.Verb(),
            ImportCommand.Verb(),
            BotCommand.Verb(),
            WindowCommand.Verb(),
            PauseCommand.Pause(),
            PauseCommand.Resume(),
            ClientCommand.Verb(),
            TokenCommand.Verb(),
            SubmitCommand.Verb(),
            CancelCommand.Verb(),
            JobsCommand.Verb(),
            StatusCommand.Verb(),
            ReplayCommand.Verb(),
            MessagesCommand.Verb(),
            HoldCommand.Verb(),
            FindCommand.Verb(),
            ForgetCommand.Verb(),
            ProofCommand.Verb(),
            VerifyCommand.Verb(),
            AuditCommand.Verb(),
            RebuildCommand.Verb(),
            LogCommand.Verb(),
            WitnessCommand.Verb(),
            MigrateCommand.Verb(),
            KeyCommand.Verb(),
        };
        foreach (var help in root.Options.OfType<HelpOption>())
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>The name of an option or argument whose value is empty, such as an unset shell variable. Null if there is none.</summary>
    private static string? EmptyIn(ParseResult parsed) => parsed.CommandResult.Children
        .Where(child => child.Tokens.Any(token => token.Value.Length == 0))
        .Select(child => child is OptionResult option ? option.Option.Name : ((ArgumentResult)child).Argument.Name)
        .FirstOrDefault();

    private static int RefuseUsage(ParseResult parsed, TextWriter error)
    {
        foreach (var problem in parsed.Errors.Select(problem => problem.Message).Distinct())
            error.WriteLine($"ledger: {problem}");
        error.WriteLine($"See `{HelpWithExamples.Path(parsed.CommandResult)} --help`.");
        return ExitCodes.Usage;
    }
}
