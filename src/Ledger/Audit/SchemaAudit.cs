using Ledger.Database.Checks;
using Npgsql;

namespace Ledger.Audit;

/// <summary>
/// Compares what the tables are made of with what the migrations made: triggers, functions, views, rights, roles, owners, policies, columns
/// and constraints. Whoever owns the database can replace any of them, and the ledger would go on with it.
/// </summary>
internal static class SchemaAudit
{
    /// <summary>So many are named in the one finding: none of them follows from another, so each counts.</summary>
    private const int Named = 20;

    private const string Meaning =
        "It was changed past the migrations, or by those of another version: audit with the version that migrated the database. "
        + "What is recorded rests on these. `ledger migrate` gives back rights and triggers' modes. Restore the others as the migrations "
        + "make them.";

    public static async Task RunAsync(NpgsqlConnection connection, Findings findings, CancellationToken cancel)
    {
        var (missing, surplus) = await SchemaFacts.DifferencesAsync(connection, cancel);
        string[] names = [.. missing.Concat(surplus).Select(SchemaFacts.NameOf).Distinct(StringComparer.Ordinal)];
        if (names.Length == 0)
            return;
        var more = names.Length > Named ? $"; and {names.Length - Named} more" : "";
        findings.Add(FindingKind.Schema, string.Join("; ", names.Take(Named)) + more, Text(missing), Text(surplus), Meaning);
    }

    private static string Text(IReadOnlyList<string> facts) => facts.Count == 0 ? "none" : string.Join(" | ", facts.Take(Named));
}
