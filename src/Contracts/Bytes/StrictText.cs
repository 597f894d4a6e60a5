using System.Text;

namespace Ledger.Contracts.Bytes;

/// <summary>
/// Strict reading of text from a file or a pipe. Only UTF-8 (RFC 3629) is accepted, whatever the locale says. A byte order mark at the
/// start is dropped, because some tools write one unasked (RFC 3629 §6). No message quotes the text, because it may be an identifier or a
/// key.
/// </summary>
public static class StrictText
{
    private const char Mark = '\uFEFF';

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// The encoding, if it is UTF-16 or UTF-32. A mark, or a NUL among the first two bytes, shows it. Null for any other.
    /// </summary>
    /// <param name="file">A text, or at least its first four bytes.</param>
    public static string? OtherEncoding(ReadOnlySpan<byte> file) => file switch
    {
        [0xFF, 0xFE, 0, 0, ..] or [0, 0, 0xFE, 0xFF, ..] or [0, 0, 0, _, ..] or [_, 0, 0, 0, ..] => "UTF-32",
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, _, ..] or [_, 0, ..] => "UTF-16",
        _ => null,
    };

    /// <summary>The bytes after a byte order mark of UTF-8, or all bytes if there is no mark.</summary>
    /// <param name="file">A file, or at least its first four bytes.</param>
    /// <exception cref="FormatException">It is UTF-16 or UTF-32.</exception>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> file) => OtherEncoding(file) is { } other
        ? throw new FormatException($"it is {other} and must be UTF-8: convert it (`iconv -f {other} -t UTF-8`)")
        : file is [0xEF, 0xBB, 0xBF, .. var rest] ? rest : file;

    /// <summary>Reads a text whose own format defines its content, such as a signed note.</summary>
    /// <exception cref="FormatException">The text is not UTF-8. The message names the line and the byte.</exception>
    public static string Utf8(ReadOnlySpan<byte> file)
    {
        var bytes = WithoutMark(file);
        try
        {
            return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            var line = 1 + bytes[..e.Index].Count((byte)'\n');
            throw new FormatException($"line {line} is not UTF-8 (it has the byte 0x{bytes[e.Index]:X2}): convert it to UTF-8", e);
        }
    }

    /// <summary>
    /// Reads a text of ids, keys or words, in which a byte order mark is never meant. A mark at the start of a line is dropped, because
    /// joined files have one there.
    /// </summary>
    /// <exception cref="FormatException">The text is not UTF-8, or has a mark within a line. The message names the line.</exception>
    public static string Of(ReadOnlySpan<byte> file)
    {
        var text = Utf8(file).Replace($"\n{Mark}", "\n", StringComparison.Ordinal);
        return text.IndexOf(Mark) is >= 0 and var at
            ? throw new FormatException($"line {1 + text.AsSpan(0, at).Count('\n')} has a byte order mark (U+FEFF) in it: remove it")
            : text;
    }

    /// <summary>Reads a text of one line, such as a token or a key. White space at its ends is removed.</summary>
    /// <exception cref="FormatException">The text is empty, has several lines, or cannot be read by <see cref="Of"/>.</exception>
    public static string Line(ReadOnlySpan<byte> file)
    {
        var line = Of(file).Trim();
        return line.AsSpan().ContainsAny('\r', '\n')
            ? throw new FormatException("it has more than one line")
            : line.Length > 0 ? line : throw new FormatException("it is empty");
    }
}
