namespace Ledger.Verifier;

/// <summary>
/// A program's input: a file, or standard input, named <c>-</c>. Its bytes are read as they are, whatever the locale says.
/// </summary>
internal static class GivenFile
{
    /// <summary>The name of standard input.</summary>
    public const string StandardInput = "-";

    public static Stream Open(string file) => file == StandardInput ? Console.OpenStandardInput() : File.OpenRead(file);

    /// <summary>
    /// True if the text names a file with a vkey, and is not a vkey. A vkey has plus signs. If it is a vkey and a file too, the file is
    /// ignored.
    /// </summary>
    public static bool HasVkey(string text) => text.Count(c => c == '+') < 2 && File.Exists(text);

    /// <summary>Standard input can be read once.</summary>
    /// <param name="files">All that are named.</param>
    /// <exception cref="FormatException">Two of them are standard input.</exception>
    public static void RefuseTwice(params IEnumerable<string?> files)
    {
        if (files.Count(file => file == StandardInput) > 1)
            throw new FormatException("only one file can come from standard input (-): name the others");
    }

    /// <summary>All of it.</summary>
    /// <param name="most">Maximum number of bytes.</param>
    /// <exception cref="FormatException">It has more.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static async Task<byte[]> ReadAsync(string file, int most, CancellationToken cancel)
    {
        await using var input = Open(file);
        using var all = new MemoryStream();
        var part = new byte[Math.Min(most, 64 * 1024) + 1];
        while (await input.ReadAsync(part, cancel) is > 0 and var read)
        {
            all.Write(part, 0, read);
            if (all.Length > most)
                throw new FormatException($"it has more than {most:N0} bytes");
        }
        return all.ToArray();
    }
}
