using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Guides;

/// <summary>docs/marten.md shows what the sample and the tests run, and nothing else.</summary>
public sealed class MartenGuideTests
{
    private static readonly string[] s_run =
    [
        "samples/MartenReader/LedgerStore.cs", "samples/MartenReader/Program.cs", "samples/MartenReader/Follower.cs",
        "tests/Ledger.SystemTests/EventStore/MartenReaderTests.cs", "tests/Ledger.SystemTests/EventStore/PlainStoreTests.cs",
    ];

    [Fact]
    public void The_configuration_has_ten_lines()
    {
        var lines = MartenGuide.Blocks(MartenGuide.Text, "csharp")[0].TrimEnd('\n').Split('\n');
        Assert.Equal(10, lines.Length);
        Assert.All(lines, line => Assert.EndsWith(";", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Each_piece_of_code_of_the_guide_is_one_that_is_run()
    {
        var blocks = MartenGuide.Blocks(MartenGuide.Text, "csharp");
        Assert.True(blocks.Count > 3);
        Assert.All(blocks, block => Assert.True(IsRun(block), $"nothing runs this:\n{block}"));
    }

    [Theory]
    [InlineData("options.DatabaseSchemaName = \"other\";\n")]
    [InlineData("options.Connection(connection);\noptions.AutoCreateSchemaObjects = AutoCreate.None;\n")]
    public void Twin_a_line_that_is_altered_or_left_out_is_seen(string block) => Assert.False(IsRun(block));

    /// <summary>Line by line, however far they are indented.</summary>
    private static bool IsRun(string block) => s_run.Any(file =>
        Trimmed(File.ReadAllText(Path.Combine(Repository.Root, file))).Contains(Trimmed(block), StringComparison.Ordinal));

    private static string Trimmed(string code) =>
        string.Concat(code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).Select(line => line + "\n"));
}
