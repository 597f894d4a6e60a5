namespace Ledger.Verifier;

/// <summary>
/// A check for closed standard streams. The starter of a program may have closed its standard input or output. The runtime's own pipe
/// then gets their numbers. Input would never come, and output would be lost, with exit code 0.
/// </summary>
internal static class StandardStreams
{
    private const string Descriptors = "/proc/self/fd";

    /// <summary>True if one of them is closed. This is reported on standard error, if that is possible.</summary>
    /// <param name="program">The program's name, for the report.</param>
    public static bool AreClosed(string program)
    {
        if (!Directory.Exists(Descriptors) || !IsOneOurs())
            return false;
        try
        {
            Console.Error.WriteLine(
                $"{program}: standard input or output is closed: connect it, for example with </dev/null and >/dev/null");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is standard error that is closed.
        }
        return true;
    }

    private static bool IsOneOurs()
    {
        // Nobody else hands a program both ends of one pipe.
        var whole = Directory.GetFiles(Descriptors).Select(Path.GetFileName).Select(End).OfType<(string Pipe, bool IsWritten)>().Distinct()
            .GroupBy(end => end.Pipe, StringComparer.Ordinal).Where(pipe => pipe.Count() == 2).Select(pipe => pipe.Key).ToHashSet();
        return Enumerable.Range(0, 3).Any(number => End($"{number}") is { Pipe: var pipe } && whole.Contains(pipe));
    }

    /// <summary>The pipe that a descriptor is an end of, and which end. Null if it is none, or was closed meanwhile.</summary>
    private static (string Pipe, bool IsWritten)? End(string? descriptor)
    {
        try
        {
            if (new FileInfo($"{Descriptors}/{descriptor}").LinkTarget is not { } target
                || !target.StartsWith("pipe:", StringComparison.Ordinal))
                return null;
            // proc(5): octal, and its last two bits are the access mode.
            var flags = File.ReadLines($"/proc/self/fdinfo/{descriptor}")
                .First(line => line.StartsWith("flags:", StringComparison.Ordinal));
            return (target, flags[^1] is '1' or '5');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
