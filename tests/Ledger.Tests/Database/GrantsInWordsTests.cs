using System.Text.RegularExpressions;
using Ledger.Database;
using Ledger.Database.Checks;

namespace Ledger.Tests.Database;

/// <summary>What the manual says of the service's rights is what <c>migrate</c> gives.</summary>
public partial class GrantsInWordsTests
{
    [Fact]
    public void The_manual_lists_the_rights_that_migrate_gives_to_the_service()
    {
        var sql = Sql.Load(typeof(Grants), "Missing");
        var listed = Right()
            .Matches(sql[..sql.IndexOf("of_reader", StringComparison.Ordinal)])
            .SelectMany(right =>
                right
                    .Groups["objects"]
                    .Value.Split(' ')
                    .Select(name =>
                        $"{right.Groups["kind"]} {name}: {List(right.Groups["rights"].Value)}{Of(right.Groups["columns"].Value)}"
                    )
            );
        string[] expected = [.. listed, "table wolverine.*: select, insert, update, delete, references"];
        Assert.True(expected.Length > 40);
        Assert.Equal(expected.Order(StringComparer.Ordinal), InTheManual());
    }

    private static string Of(string columns) => columns.Length == 0 ? "" : $" of {List(columns)}";

    private static string List(string words) => words.Replace(" ", ", ", StringComparison.Ordinal);

    private static IEnumerable<string> InTheManual()
    {
        var manual = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "operations.md"));
        var section = manual[manual.IndexOf("## What the service's role may", StringComparison.Ordinal)..];
        return section.Split("```")[1].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex(@"\('(?<kind>\w+)', '(?<objects>[^']*)', '(?<rights>[^']*)', '(?<columns>[^']*)'\)")]
    private static partial Regex Right();
}
