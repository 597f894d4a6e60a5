using Ledger.Contracts.Bytes;
using Ledger.Contracts.Transparency;
using Ledger.Verifier;

namespace Ledger.Cli;

/// <summary>
/// The one way in which verbs read ids, tokens, keys and checkpoints from files and standard input. If a text cannot be read, the message
/// names its option. It counts as a wrong command line: exit code 2.
/// </summary>
internal static class GivenText
{
    /// <summary>Bytes of a token or a key, at most.</summary>
    private const int LineBytes = 64 * 1024;

    /// <summary>A text of several lines.</summary>
    /// <param name="option">The option that named the file.</param>
    /// <param name="what">The content of the file, for the message.</param>
    /// <param name="file">Its name; <c>-</c> is standard input. No message shows it: somebody may have typed a secret there.</param>
    /// <param name="most">Maximum number of bytes.</param>
    /// <exception cref="CommandException">It cannot be read, or is not UTF-8.</exception>
    public static async Task<string> ReadAsync(string option, string what, string file, int most, CancellationToken cancel) =>
        StrictOrRefused(option, what, bytes => StrictText.Of(bytes), await BytesAsync(option, what, file, most, cancel));

    /// <summary>A text of one line, without white space at its ends.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public static async Task<string> LineAsync(string option, string what, string file, CancellationToken cancel) =>
        StrictOrRefused(option, what, bytes => StrictText.Line(bytes), await BytesAsync(option, what, file, LineBytes, cancel));

    /// <summary>The token in a file.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public static async Task<string> TokenAsync(string option, string file, CancellationToken cancel) =>
        Token(await LineAsync(option, "the token", file, cancel));

    /// <summary>The token in a variable; null: it is not set, or empty.</summary>
    /// <exception cref="CommandException">It is no token.</exception>
    public static string? TokenOf(string variable) =>
        OptionValues.OrVariable(null, variable) is { } text ? Token(text) : null;

    /// <summary>A token, which is visible ASCII and nothing else.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    private static string Token(string text) => text.Trim() is { Length: > 0 } token && token.All(c => c is > ' ' and <= '~')
        ? token
        : throw CommandException.Usage("this is no token: it is one line of visible ASCII characters, such as `ledger token` prints");

    /// <summary>A checkpoint, whoever signed it, and its note verbatim but for a byte order mark.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public static async Task<(Checkpoint Checkpoint, string Note)> NoteAsync(string option, string file, CancellationToken cancel)
    {
        const string What = "the checkpoint";
        var content = await BytesAsync(option, What, file, SignedNote.MaxBytes, cancel);
        var note = StrictOrRefused(option, What, bytes => StrictText.Utf8(bytes), content);
        return StrictOrRefused(option, What, note => (Checkpoint.Parse(SignedNote.Parse(note).Text), note), note);
    }

    /// <summary>A vkey, or the file that holds it.</summary>
    /// <exception cref="CommandException">It is no vkey.</exception>
    private static async Task<NoteVerifier> VkeyAsync(string option, string vkey, CancellationToken cancel)
    {
        var text = GivenFile.HasVkey(vkey) ? await LineAsync(option, "the key", vkey, cancel) : vkey.Trim();
        try
        {
            return NoteVerifier.Parse(text);
        }
        catch (FormatException e)
        {
            throw CommandException.Usage($"{option} is not a vkey ({e.Message}): give it as `ledger log key` prints it");
        }
    }

    /// <summary>Several of them.</summary>
    /// <inheritdoc cref="VkeyAsync"/>
    public static async Task<IReadOnlyList<NoteVerifier>> VkeysAsync(string option, IEnumerable<string> vkeys, CancellationToken cancel)
    {
        var keys = new List<NoteVerifier>();
        foreach (var vkey in vkeys)
            keys.Add(await VkeyAsync(option, vkey, cancel));
        return keys;
    }

    /// <summary>Standard input can be read once.</summary>
    /// <param name="files">All that are named.</param>
    /// <exception cref="CommandException">Two of them are standard input.</exception>
    public static void RefuseTwice(params IEnumerable<string?> files)
    {
        try
        {
            GivenFile.RefuseTwice(files);
        }
        catch (FormatException e)
        {
            throw CommandException.Usage(e.Message);
        }
    }

    private static async Task<byte[]> BytesAsync(string option, string what, string file, int most, CancellationToken cancel)
    {
        try
        {
            return await GivenFile.ReadAsync(file, most, cancel);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CommandException.Usage(
                $"{option} names a file, or is - for standard input, and there is no such file. "
                + "Its content is never an argument itself: other users of the machine could see it");
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw Refused(option, what, e.Message);
        }
    }

    private static TResult StrictOrRefused<TGiven, TResult>(string option, string what, Func<TGiven, TResult> read, TGiven given)
    {
        try
        {
            return read(given);
        }
        catch (FormatException e)
        {
            throw Refused(option, what, e.Message);
        }
    }

    private static CommandException Refused(string option, string what, string why) =>
        CommandException.Usage($"{what} ({option}) cannot be read: {why}");
}
