namespace Ledger.Machine;

/// <summary>Words of commands that a person is shown and may copy into a shell (POSIX, Shell Command Language, 2.2 Quoting).</summary>
public static class ShellWord
{
    /// <summary>The text as one word. It is unchanged if a shell reads it as it is. Otherwise it is between single quotes.</summary>
    public static string Of(string text) =>
        text.Length > 0 && text.All(IsPlain) && text[0] is not ('-' or '=') ? text : $"'{text.Replace("'", "'\\''")}'";

    private static bool IsPlain(char c) =>
        char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '+' or ':' or ',' or '@' or '%' or '=';
}
