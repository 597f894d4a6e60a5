using System.Text.RegularExpressions;
using Npgsql;

namespace Ledger.Database.Checks;

/// <summary>
/// What the ledger's schema is made of, a fact a line. <see cref="Expected"/> is what the migrations make; a test holds the file to them.
/// </summary>
public static class SchemaFacts
{
    private const string Resource = "Ledger.Database.Checks.schema.csv";

    /// <summary>Marten's default of an event's instant is a constant: when the table was made. No append leaves it to that.</summary>
    private static readonly Regex s_madeAt = new(
        @"'\d{4}-\d\d-\d\d \d\d:\d\d:[\d.]+\+\d\d'(?=::timestamp with time zone)", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static readonly string ReadSql = Sql.Load(typeof(SchemaFacts), nameof(ReadAsync));
    private static readonly Lazy<string[]> s_expected = new(Load);

    /// <summary>What is written above the facts.</summary>
    public const string Header = "kind,table,name,type,nullable,default_or_definition";

    /// <summary>What the migrations of this version make.</summary>
    public static IReadOnlyList<string> Expected => s_expected.Value;

    /// <summary>What is there.</summary>
    public static async Task<List<string>> ReadAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var facts = new List<string>();
        await using var command = new NpgsqlCommand(ReadSql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            facts.Add(s_madeAt.Replace(reader.GetString(0), "(the instant of the migration)"));
        return facts;
    }

    /// <summary>
    /// What is missing, and what is there besides. A plain index more changes no answer. A unique one refuses rows, and one over an
    /// expression runs a function of somebody's with the writer's rights.
    /// </summary>
    public static async Task<(IReadOnlyList<string> Missing, IReadOnlyList<string> Surplus)> DifferencesAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        var found = await ReadAsync(connection, cancel);
        return (
            [.. Expected.Except(found)],
            [.. found.Except(Expected).Where(fact => fact.Split(',') is not ["index", _, _, "plain", ..])]);
    }

    /// <summary>What a fact is about: <c>the trigger events_stay of mt_events</c>.</summary>
    public static string NameOf(string fact)
    {
        var parts = fact.Split(',');
        return $"the {parts[0]}" + (parts[2].Length > 0 ? $" {parts[2]}" : "") + (parts[1].Length > 0 ? $" of {parts[1]}" : "");
    }

    private static string[] Load()
    {
        using var stream = typeof(SchemaFacts).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"no embedded file '{Resource}'");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)];
    }
}
