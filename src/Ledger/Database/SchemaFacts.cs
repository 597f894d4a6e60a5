using System.Text.RegularExpressions;
using Npgsql;

namespace Ledger.Database;

/// <summary>
/// What the ledger's schema is made of, a fact a line. <see cref="Expected"/> is what the migrations make; a test holds the file to them.
/// </summary>
public static class SchemaFacts
{
    private const string Resource = "Ledger.Database.schema.csv";

    /// <summary>
    /// The schema must do with what these say. More columns, constraints and indexes change no answer, and Marten's assertion at the start
    /// names those of its own tables.
    /// </summary>
    private static readonly string[] s_mayBeMore = ["index", "unique"];

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

    /// <summary>What is missing, and what is there besides. An index more is nobody's harm.</summary>
    public static async Task<(IReadOnlyList<string> Missing, IReadOnlyList<string> Surplus)> DifferencesAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        var found = await ReadAsync(connection, cancel);
        return (
            [.. Expected.Except(found)],
            [.. found.Except(Expected).Where(fact => !s_mayBeMore.Contains(fact.Split(',')[0], StringComparer.Ordinal))]);
    }

    private static string[] Load()
    {
        using var stream = typeof(SchemaFacts).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"no embedded file '{Resource}'");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)];
    }
}
