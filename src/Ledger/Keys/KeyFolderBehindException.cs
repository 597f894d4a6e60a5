namespace Ledger.Keys;

/// <summary>
/// This key folder lacks a key. It is an old or incomplete copy, or not the folder that all nodes share. Nothing is lost, and everything
/// can be opened once the whole folder is back.
/// </summary>
public sealed class KeyFolderBehindException(string problem) : InvalidOperationException(problem)
{
    /// <summary>The database knows an epoch that the folder does not.</summary>
    public KeyFolderBehindException()
        : this(
            "the key folder lacks the newest epoch's key: every node must use one and the same folder, and an older copy of it is not "
            + "enough. Bring the current one back"
        )
    { }
}
