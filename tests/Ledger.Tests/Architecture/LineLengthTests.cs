using System.Text.RegularExpressions;

namespace Ledger.Tests.Architecture;

/// <summary>No line is longer than 140 columns. Exempt is what would not read better broken, or is not ours to break.</summary>
public sealed partial class LineLengthTests
{
    private const int Columns = 140;

    private static readonly string[] s_kinds =
        [".cs", ".razor", ".sql", ".js", ".css", ".md", ".py", ".go", ".csproj", ".props", ".sh", ".yml", ".editorconfig"];

    [Fact]
    public void No_line_is_longer_than_140_columns() => Assert.Empty(
        SourceTree.Files("", "*").Where(file => s_kinds.Contains(Path.GetExtension(file)) && !IsExempt(file))
            .SelectMany(file => TooLong(file, File.ReadAllText(Path.Combine(SourceTree.Root, file)))));

    [Theory]
    [InlineData("a.cs", "x", 1)]
    [InlineData("a.cs", "    [InlineData(\"x", 0)]
    [InlineData("a.cs", "    {\"json\": \"x", 0)]
    [InlineData("a.md", "x", 1)]
    [InlineData("a.md", "| x", 0)]
    [InlineData("a.md", "See [this](https://example.org/x", 0)]
    public void Twin_a_line_that_is_too_long_is_seen(string file, string begin, int seen) =>
        Assert.Equal(seen, TooLong(file, $"short\n{begin}{new string('x', Columns)}\n").Count());

    /// <summary>Generated, golden, somebody else's, or compared with what somebody else makes.</summary>
    private static bool IsExempt(string file) =>
        file.Split('/').Any(part => part is "Golden" or "Generated" or "node_modules" or "TestResults" or ".git")
        || file.StartsWith("src/Ledger/Database/Migrations/", StringComparison.Ordinal);

    private static IEnumerable<string> TooLong(string file, string text) => text.Split('\n')
        .Select((line, index) => (Line: line, Number: index + 1))
        .Where(one => one.Line.TrimEnd().Length > Columns)
        .Where(one => !IsData(one.Line) && !(file.EndsWith(".md", StringComparison.Ordinal) && IsTableOrLink(one.Line)))
        .Select(one => $"{file}:{one.Number} has {one.Line.Length} columns");

    private static bool IsTableOrLink(string line) => line.StartsWith('|') || Link().IsMatch(line);

    /// <summary>A row of a test's table, or JSON, or base64: what a reader compares as it stands.</summary>
    private static bool IsData(string line) =>
        line.TrimStart().StartsWith("[InlineData(", StringComparison.Ordinal) || Data().IsMatch(line);

    /// <summary>The line is short without its last link.</summary>
    [GeneratedRegex(@"^.{0,120}\[[^\]]*\]\([^)]*\)?[^\[]*$")]
    private static partial Regex Link();

    [GeneratedRegex("""
        "[\w\\"]+": ?[\[{"\w]|[\w+/]{40}=
        """, RegexOptions.ExplicitCapture)]
    private static partial Regex Data();
}
