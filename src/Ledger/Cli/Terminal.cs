using System.CommandLine;
using Spectre.Console;

namespace Ledger.Cli;

/// <summary>Where a verb writes. Tables are drawn on a terminal and plain columns elsewhere, so that output can be piped.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    // Nothing is wrapped where nobody looks at a screen.
    private const int PlainWidth = 10_000;

    public static Terminal Of(ParseResult parsed) => new(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);

    public TextWriter Output => output;

    /// <summary>A person watches standard error.</summary>
    public bool IsErrorWatched => ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;

    public void Line(string text = "") => output.WriteLine(text);

    public void Warn(string text) => error.WriteLine($"warning: {text}");

    /// <summary>Something that is not the result: what happens, or what to do next.</summary>
    public void Note(string text) => error.WriteLine(text);

    /// <summary>Rows under a heading each; with no rows, <paramref name="none"/>.</summary>
    public void Table(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, string none)
    {
        if (rows.Count == 0)
        {
            Note(none);
            return;
        }
        var plain = !IsWatched;
        var table = new Table { Border = plain ? TableBorder.None : TableBorder.Rounded };
        foreach (var heading in headings)
            table.AddColumn(new TableColumn(Markup.Escape(heading)) { NoWrap = true });
        foreach (var row in rows)
            table.AddRow([.. row.Select(Markup.Escape)]);
        Spectre(output, plain).Write(table);
    }

    /// <summary>Spectre's console on standard error, for a progress bar.</summary>
    public IAnsiConsole ErrorConsole() => Spectre(error, !IsErrorWatched);

    private bool IsWatched => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    private static IAnsiConsole Spectre(TextWriter writer, bool plain)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (plain)
            console.Profile.Width = PlainWidth;
        return console;
    }
}

/// <summary>What the parts of the ledger log while a verb runs, as plain lines on standard error.</summary>
internal sealed class TerminalLog(Terminal terminal, LogLevel least) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        if (logLevel >= LogLevel.Warning)
            terminal.Warn(formatter(state, exception));
        else
            terminal.Note(formatter(state, exception));
    }
}
