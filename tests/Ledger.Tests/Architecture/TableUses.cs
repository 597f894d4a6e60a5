using System.Text.RegularExpressions;

namespace Ledger.Tests.Architecture;

/// <summary>A statement of a folder of <c>src/Ledger</c> names a table.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="File">The file, from <c>src/Ledger</c>.</param>
/// <param name="Table">Schema and name.</param>
/// <param name="IsWrite">It inserts, updates, deletes or truncates.</param>
internal readonly record struct TableUse(string Folder, string File, string Table, bool IsWrite);

/// <summary>Reads the SQL of the service: the <c>.sql</c> files, and the string literals of the code.</summary>
internal static partial class TableUses
{
    /// <summary>The tables of the schema <c>ledger</c>, from the list that every database is compared with.</summary>
    public static IReadOnlySet<string> LedgerTables { get; } =
        File.ReadLines(Path.Combine(SourceTree.Root, "src/Ledger/Database/Checks/schema.csv"))
            .Where(line => line.StartsWith("column,", StringComparison.Ordinal))
            .Select(line => $"ledger.{line.Split(',')[1]}")
            .ToHashSet(StringComparer.Ordinal);

    public static IEnumerable<TableUse> OfService() =>
        SourceTree
            .Files("src/Ledger", "*.*")
            .Where(file => Path.GetExtension(file) is ".sql" or ".cs" or ".razor" && file.Contains('/'))
            // The folder that makes the tables, and grants rights to them, names them all.
            .Where(file => !file.StartsWith("Database/", StringComparison.Ordinal))
            .SelectMany(file => Of(file, File.ReadAllText(Path.Combine(SourceTree.Root, "src/Ledger", file))));

    public static IEnumerable<TableUse> Of(string file, string text)
    {
        var statements = file.EndsWith(".sql", StringComparison.Ordinal)
            ? [SqlComment().Replace(text, "")]
            : Literal().Matches(CodeComment().Replace(text, "")).Select(literal => literal.Value);
        return
            from statement in statements
            from Match match in Table().Matches(statement)
            let name = match.Groups["name"].Value
            where LedgerTables.Contains(name) || !name.StartsWith("ledger.", StringComparison.Ordinal)
            select new TableUse(file.Split('/')[0], file, name, Write().IsMatch(statement[..match.Index]));
    }

    [GeneratedRegex(@"\b(?<name>(ledger|conversations|wolverine)\.[a-z_]+)\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Table();

    [GeneratedRegex(@"\b(insert into|update( only)?|delete from( only)?|merge into|truncate( table)?)\s+$", RegexOptions.ExplicitCapture)]
    private static partial Regex Write();

    [GeneratedRegex("--.*")]
    private static partial Regex SqlComment();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex CodeComment();

    [GeneratedRegex("""
        "{3}.*?"{3}|"([^"\\\n]|\\.)*"
        """, RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Literal();
}
