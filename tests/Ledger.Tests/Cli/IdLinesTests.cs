using Ledger.Cli;

namespace Ledger.Tests.Cli;

/// <summary>Raw ids come in by lines, and nothing that is told of them quotes one.</summary>
public sealed class IdLinesTests
{
    [Fact]
    public async Task Each_line_is_an_id_and_blank_lines_and_repeated_ids_are_dropped() =>
        Assert.Equal(["b", "a c"], await IdLines.ReadAsync(new StringReader("b\r\n\na c\nb\n"), 3, CancellationToken.None));

    [Theory]
    [InlineData("", "no ids came in")]
    [InlineData("\n\r\n", "no ids came in")]
    [InlineData("ok\nu-5e\t966499\n", "line 2 is no id")]
    [InlineData("u-5e966499\nb\nc\nd", "more than 3 ids")]
    public async Task What_is_no_list_of_ids_is_refused_without_quoting_it(string text, string told)
    {
        var refused = await Assert.ThrowsAsync<CommandException>(() => IdLines.ReadAsync(new StringReader(text), 3, CancellationToken.None));
        Assert.Equal(ExitCodes.Usage, refused.ExitCode);
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("5e", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_that_was_typed_in_place_of_a_file_is_refused_without_quoting_it()
    {
        var refused = await Assert.ThrowsAsync<CommandException>(() => IdLines.ReadFileAsync("--cid", "u-5e966499", 1, CancellationToken.None));
        Assert.Contains("--cid names a file", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("u-5e966499", refused.Message, StringComparison.Ordinal);
    }
}
