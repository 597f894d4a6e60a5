using System.Text.RegularExpressions;
using Npgsql;

namespace Ledger.Database.Checks;

/// <summary>
/// The ledger's schema as a list of facts, one a line. <see cref="Expected"/> is the schema that the migrations make. A test compares the
/// file with them.
/// </summary>
public static class SchemaFacts
{
    private const string Resource = "Ledger.Database.Checks.schema.csv";

    /// <summary>Marten's default of an event's instant is a constant: when the table was made. No append leaves it to that.</summary>
    private static readonly Regex s_madeAt = new(
        @"'\d{4}-\d\d-\d\d \d\d:\d\d:[\d.]+\+\d\d'(?=::timestamp with time zone)", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static readonly string ReadSql = Sql.Load(typeof(SchemaFacts), nameof(ReadAsync));
    private static readonly Lazy<string[]> s_expected = new(Load);

    /// <summary>The header line above the facts.</summary>
    public const string Header = "kind,table,name,type,nullable,default_or_definition";

    /// <summary>The facts that the migrations of this version make.</summary>
    public static IReadOnlyList<string> Expected => s_expected.Value;

    /// <summary>The facts of the database.</summary>
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
    /// The missing facts and the surplus ones. A surplus plain index does not count, because it changes no answer. A unique one refuses
    /// rows. One over an expression runs somebody else's function with the writer's rights.
    /// </summary>
    public static async Task<(IReadOnlyList<string> Missing, IReadOnlyList<string> Surplus)> DifferencesAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        var found = await ReadAsync(connection, cancel);
        return (
            [.. Expected.Except(found)],
            [.. found.Except(Expected).Where(fact => fact.Split(',') is not ["index", _, _, "plain", ..])]);
    }

    /// <summary>The subject of a fact, such as <c>the trigger events_stay of mt_events</c>.</summary>
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
