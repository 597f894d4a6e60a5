using System.Text;

namespace Ledger.Verifier;

/// <summary>
/// Standard output and error write UTF-8. Else .NET would write in the locale's character set, with '?' for what that lacks: a checkpoint, whose signature
/// lines begin with a dash (U+2014), would be none any more.
/// </summary>
internal static class Utf8Output
{
    /// <summary>From here on, of this process. A console of Windows is left alone, which has a character set of its own.</summary>
    public static void Begin()
    {
        if (!OperatingSystem.IsWindows() || Console.IsOutputRedirected)
            Console.SetOut(Writer(Console.OpenStandardOutput()));
        if (!OperatingSystem.IsWindows() || Console.IsErrorRedirected)
            Console.SetError(Writer(Console.OpenStandardError()));
    }

    private static StreamWriter Writer(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
}
