using Ledger.Contracts;

namespace Ledger.Cli.Jobs;

/// <summary>
/// Raw ids that come in one a line, from standard input or a file: never as arguments, which every user of the machine sees and shells
/// keep.
/// </summary>
internal static class IdLines
{
    /// <summary>Bytes of a line with an id, at most: a character has up to four in UTF-8, and a line's end two.</summary>
    private const int LineBytes = 4 * Limits.IdentifierCharacters + 2;

    /// <summary>The distinct ids, in the order that they came in.</summary>
    /// <param name="option">The option that holds the name of the file.</param>
    /// <param name="file">The file; <c>-</c> is standard input.</param>
    /// <param name="most">Maximum number of ids.</param>
    /// <exception cref="CommandException">
    /// There are no ids, or too many, or a line is no id. The message gives only the line's number, because it may be logged. If the file
    /// does not exist, its name is not shown either: somebody may have typed an id there.
    /// </exception>
    public static async Task<IReadOnlyList<string>> ReadAsync(string option, string file, int most, CancellationToken cancel)
    {
        // A few lines more than may come in, so that blank ones do no harm and what is too much is told as too many ids.
        var text = await GivenText.ReadAsync(option, "the ids", file, 2 * (most + 1) * LineBytes, cancel);
        return Read(text, most);
    }

    /// <summary>The same, of a text.</summary>
    internal static IReadOnlyList<string> Read(string text, int most)
    {
        var ids = new List<string>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var id = line.TrimEnd('\r');
            if (id.Length == 0)
                continue;
            if (!Limits.IsConversationOrUserId(id))
            {
                throw CommandException.Usage(
                    $"line {number} is no id: one has 1 to {Limits.IdentifierCharacters} characters, none of them a control character or a "
                    + "byte order mark, and no white space at its ends");
            }
            ids.Add(id);
            if (ids.Count > most)
                throw CommandException.Usage($"these are more than {most} ids: split them");
        }
        return ids.Count > 0
            ? [.. ids.Distinct(StringComparer.Ordinal)]
            : throw CommandException.Usage("no ids came in: write them to standard input, one a line (or into the file that is named)");
    }
}
