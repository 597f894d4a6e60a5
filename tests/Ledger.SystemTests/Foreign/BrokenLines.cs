namespace Ledger.SystemTests.Foreign;

/// <summary>A text of lines, each in turn left out, changed, doubled and swapped with the next.</summary>
internal static class BrokenLines
{
    public static IEnumerable<(string Why, string Text)> Of(string text, int except = -1)
    {
        var lines = text.Split('\n')[..^1];
        for (var i = 0; i < lines.Length; i++)
        {
            if (i == except)
                continue;
            yield return ($"line {i + 1} left out", Join([.. lines[..i], .. lines[(i + 1)..]]));
            yield return ($"line {i + 1} changed", Join([.. lines[..i], Changed(lines[i]), .. lines[(i + 1)..]]));
            yield return ($"line {i + 1} twice", Join([.. lines[..(i + 1)], .. lines[i..]]));
            if (i + 1 < lines.Length && lines[i] != lines[i + 1] && i + 1 != except)
                yield return ($"lines {i + 1} and {i + 2} swapped", Join([.. lines[..i], lines[i + 1], lines[i], .. lines[(i + 2)..]]));
        }
        yield return ("cut short", text[..^1]);
        yield return ("something behind", text + "x\n");
    }

    /// <summary>Another character in its middle, or one where there was none.</summary>
    private static string Changed(string line) =>
        line.Length == 0 ? "x" : line[..(line.Length / 2)] + (line[line.Length / 2] == 'A' ? 'B' : 'A') + line[(line.Length / 2 + 1)..];

    private static string Join(string[] lines) => string.Concat(lines.Select(line => line + "\n"));
}
