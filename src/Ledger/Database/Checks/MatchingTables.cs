using Weasel.Core.Migrations;

namespace Ledger.Database.Checks;

/// <summary>Checks that the tables of a library are as the library needs them. Migrations make them, and never the library.</summary>
internal static class MatchingTables
{
    /// <summary>The difference, in words; null if there is none.</summary>
    /// <param name="database">The tables that the library needs, on a database.</param>
    /// <param name="whose">The owner of the tables in words, as "the event store's".</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<string?> ProblemAsync(IDatabase database, string whose, CancellationToken cancel)
    {
        try
        {
            await database.AssertDatabaseMatchesConfigurationAsync(cancel);
            return null;
        }
        catch (DatabaseValidationException e)
        {
            var changes = e.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Skip(1);
            return $"{whose} tables are not as this version needs them, which no migration does: "
                + $"undo what was changed, or `{changes.FirstOrDefault() ?? e.Message}`";
        }
    }
}
