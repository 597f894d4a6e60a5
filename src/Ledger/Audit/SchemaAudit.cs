using Ledger.Database;
using Npgsql;

namespace Ledger.Audit;

/// <summary>
/// Compares what the tables are made of with what the migrations made: triggers, functions, views, grants, owners, policies, columns and
/// constraints. Whoever owns the database can replace any of them, and the ledger would go on with it.
/// </summary>
internal static class SchemaAudit
{
    private const string Meaning =
        "It was changed past the migrations, or by those of another version: audit with the version that migrated the database. "
        + "What is recorded rests on these. `ledger migrate` gives back rights and triggers' modes. Restore the others as the migrations make them.";

    public static async Task RunAsync(NpgsqlConnection connection, Findings findings, CancellationToken cancel)
    {
        var (missing, surplus) = await SchemaFacts.DifferencesAsync(connection, cancel);
        foreach (var fact in missing)
        {
            var changed = surplus.FirstOrDefault(other => Name(other) == Name(fact));
            findings.Add(FindingKind.Schema, Name(fact), fact, changed ?? "none", Meaning);
        }
        foreach (var fact in surplus.Where(fact => missing.All(other => Name(other) != Name(fact))))
            findings.Add(FindingKind.Schema, Name(fact), "none", fact, Meaning);
    }

    /// <summary>The kind, the table and the name: <c>the trigger events_stay of mt_events</c>.</summary>
    private static string Name(string fact)
    {
        var parts = fact.Split(',');
        return $"the {parts[0]}" + (parts[2].Length > 0 ? $" {parts[2]}" : "") + (parts[1].Length > 0 ? $" of {parts[1]}" : "");
    }
}
