namespace Ledger.Conversations;

/// <summary>An import stopped at a line. The message says which and why, without its content, and that what is in stays in.</summary>
public sealed class ImportException(string line, string problem, ImportTotals totals) : Exception(
    $"{line}: {problem}. The first {totals.Lines} lines are in; mend this and run the import again: what is in is not imported twice");

/// <summary>How far an import has come; all of it is committed.</summary>
/// <param name="Lines">Lines of the input, blank ones too.</param>
/// <param name="Imported">Conversations that are new.</param>
/// <param name="AlreadyThere">Conversations that the store held, or an earlier line had.</param>
/// <param name="Items">Items of the new conversations.</param>
public sealed record ImportTotals(long Lines, long Imported, long AlreadyThere, long Items);
