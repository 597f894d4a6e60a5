using System.CommandLine;
using System.Text;
using Spectre.Console;

namespace Ledger.Cli;

/// <summary>
/// The output of a verb. Standard output is for scripts: it holds the result, and nothing else. Everything else goes to standard error.
/// </summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    /// <summary>Between two columns on a screen.</summary>
    private const int Gap = 2;

    // Nothing is wrapped where nobody looks at a screen.
    private const int PlainWidth = 10_000;

    public static Terminal Of(ParseResult parsed) => new(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);

    public TextWriter Output => output;

    /// <summary>A person watches standard error.</summary>
    public bool IsErrorWatched => ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;

    private bool IsWatched => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    /// <summary>A line of the result.</summary>
    public void Line(string text = "") => output.WriteLine(text);

    /// <summary>Writes a line with something that is shown once. Whoever does not get it must make another.</summary>
    /// <param name="line">The line.</param>
    /// <param name="what">The content of the line, for the message.</param>
    /// <param name="instead">The way to make another.</param>
    /// <exception cref="CommandException">It could not be written.</exception>
    public void SecretLine(string line, string what, string instead)
    {
        try
        {
            output.WriteLine(line);
            output.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"{what} could not be written to standard output ({e.Message}), and cannot be shown again: {instead}");
        }
    }

    public void Warn(string text) => error.WriteLine($"warning: {text}");

    /// <summary>Something that is not the result: what happens, or what to do next.</summary>
    public void Note(string text) => error.WriteLine(text);

    /// <summary>
    /// Rows under a heading each: in aligned columns on a screen, which a long row runs over, and with a tab between cells elsewhere. No
    /// cell is ever cut. With no rows, <paramref name="none"/> is noted.
    /// </summary>
    public void Table(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, string none)
    {
        if (rows.Count == 0)
            Note(none);
        else
            Write([headings, .. rows], Line, IsWatched);
    }

    /// <summary>A name and its value a line, without headings: the result.</summary>
    public void Facts(IReadOnlyList<IReadOnlyList<string>> rows) => Write(rows, Line, IsWatched);

    /// <summary>The same, where it is not the result.</summary>
    public void NoteFacts(IReadOnlyList<IReadOnlyList<string>> rows) => Write(rows, Note, IsErrorWatched);

    /// <summary>Spectre's console on standard error, for a progress bar.</summary>
    public IAnsiConsole ErrorConsole() => Spectre(error, !IsErrorWatched);

    private static void Write(IReadOnlyList<IReadOnlyList<string>> rows, Action<string> line, bool isAligned)
    {
        List<string[]> cells = [.. rows.Select(row => (string[])[.. row.Select(OneLine)])];
        int[] widths = [.. cells[0].Select((_, column) => cells.Max(row => row[column].GetCellWidth()))];
        foreach (var row in cells)
            line(isAligned ? Aligned(row, widths) : string.Join('\t', row));
    }

    /// <summary>
    /// A cell as it is, but for control characters, which would move a screen's cursor or begin another cell. No id has one.
    /// </summary>
    private static string OneLine(string cell) => string.Concat(cell.Select(c => char.IsControl(c) ? ' ' : c));

    private static string Aligned(string[] row, int[] widths)
    {
        var line = new StringBuilder();
        for (var column = 0; column < row.Length; column++)
            line.Append(row[column]).Append(' ', widths[column] - row[column].GetCellWidth() + Gap);
        return line.ToString().TrimEnd();
    }

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

/// <summary>Writes the log of the ledger's parts, while a verb runs, as plain lines on standard error.</summary>
internal sealed class TerminalLog(Terminal terminal, LogLevel least) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        if (logLevel >= LogLevel.Warning)
            terminal.Warn(formatter(state, exception));
        else
            terminal.Note(formatter(state, exception));
    }
}
