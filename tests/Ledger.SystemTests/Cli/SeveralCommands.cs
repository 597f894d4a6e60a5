using System.Globalization;
using System.Text;
using Ledger.Cli;

namespace Ledger.SystemTests.Cli;

/// <summary>
/// This assembly as a program: it runs several commands of <c>ledger</c>, one after the other. To start a process costs more than what most
/// commands then do.
/// </summary>
internal static class SeveralCommands
{
    /// <summary>Between two commands.</summary>
    public const string Then = "--then";

    /// <summary>Ends what each command wrote to standard output.</summary>
    public const char End = '\0';

    /// <param name="args">
    /// Commands with <see cref="Then"/> between them: each runs as <c>ledger</c> itself does, to the first that fails. Or a folder
    /// alone: see <see cref="AnswerAsync"/>.
    /// </param>
    public static async Task<int> Main(string[] args)
    {
        if (args is [var folder] && Directory.Exists(folder))
            return await AnswerAsync(folder);
        var ledger = typeof(CommandLine).Assembly.EntryPoint!;
        for (var rest = args; ; rest = rest[(Array.IndexOf(rest, Then) + 1)..])
        {
            var end = Array.IndexOf(rest, Then);
            var code = (int)ledger.Invoke(null, [end < 0 ? rest : rest[..end]])!;
            await Console.Out.WriteAsync(End);
            if (code != ExitCodes.Done || end < 0)
                return code;
        }
    }

    /// <summary>
    /// Reads commands from standard input (how many arguments, and each of them, with a zero byte behind each), and answers with their exit
    /// codes, a line each. What a command said is by then in the files <c>output</c> and <c>error</c> of the folder.
    /// </summary>
    private static async Task<int> AnswerAsync(string folder)
    {
        await using var input = new BufferedStream(Console.OpenStandardInput());
        while (Next(input) is { } count)
        {
            var args = Enumerable.Range(0, int.Parse(count, CultureInfo.InvariantCulture)).Select(_ => Next(input)!).ToArray();
            await using var output = new StreamWriter(Path.Combine(folder, "output"));
            await using var error = new StreamWriter(Path.Combine(folder, "error"));
            var code = await CommandLine.RunAsync(args, TextWriter.Synchronized(output), TextWriter.Synchronized(error));
            await output.FlushAsync();
            await error.FlushAsync();
            Console.WriteLine(code);
        }
        return 0;
    }

    private static string? Next(Stream input)
    {
        var bytes = new List<byte>();
        for (var next = input.ReadByte(); next != 0; next = input.ReadByte())
        {
            if (next < 0)
                return null;
            bytes.Add((byte)next);
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
