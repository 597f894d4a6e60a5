using Ledger.Contracts;

namespace Ledger.Cli;

/// <summary>Raw ids that come in one a line, from standard input or a file: never as arguments, which every user of the machine sees and shells keep.</summary>
internal static class IdLines
{
    /// <summary>The distinct ids, in the order that they came in.</summary>
    /// <param name="most">So many may come in.</param>
    /// <exception cref="CommandException">None came in, too many, or a line is no id: told by its number, since what is told may be logged.</exception>
    public static async Task<IReadOnlyList<string>> ReadAsync(TextReader input, int most, CancellationToken cancel)
    {
        var ids = new List<string>();
        for (var number = 1; await input.ReadLineAsync(cancel) is { } line; number++)
        {
            var id = line.TrimEnd('\r');
            if (id.Length == 0)
                continue;
            if (!Limits.IsIdentifier(id))
                throw CommandException.Usage($"line {number} is no id: one has 1 to {Limits.IdentifierCharacters} characters, not all blank, without control characters");
            ids.Add(id);
            if (ids.Count > most)
                throw CommandException.Usage($"these are more than {most} ids: split them");
        }
        return ids.Count > 0
            ? [.. ids.Distinct(StringComparer.Ordinal)]
            : throw CommandException.Usage("no ids came in: write them to standard input, one a line (or into the file that is named)");
    }

    /// <summary>Reads from a file, or from standard input where its name is <c>-</c>.</summary>
    /// <param name="option">Whose value the name is. The name itself is not told where there is no such file: somebody may have typed an id there.</param>
    public static async Task<IReadOnlyList<string>> ReadFileAsync(string option, string file, int most, CancellationToken cancel)
    {
        if (file == "-")
            return await ReadAsync(Console.In, most, cancel);
        if (!File.Exists(file))
            throw CommandException.Usage($"{option} names a file, or is - for standard input, and there is no such file. An id itself is never an argument: other users of the machine could see it");
        using var input = new StreamReader(file);
        return await ReadAsync(input, most, cancel);
    }
}
