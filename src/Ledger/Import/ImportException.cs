namespace Ledger.Import;

/// <summary>
/// An import was refused, or stopped. The message says where and why, without the content of a line. It also says how many lines are in.
/// </summary>
/// <param name="where">A line, lines, or another part of the input.</param>
/// <param name="problem">The problem there, without a full stop.</param>
/// <param name="linesIn">Number of lines whose conversations are committed. 0 before the second pass.</param>
/// <param name="cause">The exception behind it. Null if the input itself is at fault.</param>
public sealed class ImportException(string where, string problem, long linesIn = 0, Exception? cause = null)
    : Exception($"{where}: {problem}. {Standing(linesIn)}: mend this and run the import again", cause)
{
    /// <summary>The progress of the import, in words.</summary>
    public static string Standing(long linesIn) => linesIn == 0
        ? "Nothing was imported"
        : $"The first {linesIn} lines are in, and are not imported twice";

    /// <summary>The same fault, found in the second pass.</summary>
    internal ImportException After(long linesIn) => new(where, problem, linesIn, InnerException);
}

/// <summary>
/// Something other than the input stopped an import: the database, the network or a disk. The inner exception says what. The message says
/// how many lines are in.
/// </summary>
public sealed class ImportInterruptedException(long linesIn, Exception cause)
    : Exception($"{ImportException.Standing(linesIn)}: run the import again", cause);
