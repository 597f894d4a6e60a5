namespace Ledger.Database.Checks;

/// <summary>
/// The database, or the way to it, is not such that the ledger's promises hold. The message says what is wrong and the cure.
/// </summary>
public sealed class UnfitDatabaseException(string message, Exception? cause = null) : Exception(message, cause);
