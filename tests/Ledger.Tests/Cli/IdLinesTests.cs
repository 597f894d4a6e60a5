using Ledger.Cli;
using Ledger.Cli.Jobs;

namespace Ledger.Tests.Cli;

/// <summary>Raw ids come in by lines, and nothing that is told of them quotes one.</summary>
public sealed class IdLinesTests
{
    [Fact]
    public void Each_line_is_an_id_and_blank_lines_and_repeated_ids_are_dropped() =>
        Assert.Equal(["b", "a c"], IdLines.Read("b\r\n\na c\nb\n", 3));

    [Theory]
    [InlineData("", "no ids came in")]
    [InlineData("\n\r\n", "no ids came in")]
    [InlineData("ok\nu-5e\t966499\n", "line 2 is no id")]
    [InlineData("ok\nu-5e966499 \n", "line 2 is no id")]
    [InlineData("ok\nu-5e\ufeff966499\n", "line 2 is no id")]
    [InlineData("u-5e966499\nb\nc\nd", "more than 3 ids")]
    public void What_is_no_list_of_ids_is_refused_without_quoting_it(string text, string told)
    {
        var refused = Assert.Throws<CommandException>(() => IdLines.Read(text, 3));
        Assert.Equal(ExitCodes.Usage, refused.ExitCode);
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("5e", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bytes_of_a_file_are_ids_only_where_they_are_UTF_8()
    {
        byte[] mark = [0xEF, 0xBB, 0xBF];
        foreach (var (bytes, told) in new (byte[], string?)[]
        {
            ([.. mark, .. "u-5e966499\r\n"u8], null),
            ([.. "u-5e966499\n"u8, .. mark, .. "\n"u8], null),
            ([.. "u-5e966499\nb"u8, .. mark, .. "\n"u8], "the ids (--ids) cannot be read: line 2 has a byte order mark"),
            ([.. System.Text.Encoding.Unicode.GetPreamble(), .. System.Text.Encoding.Unicode.GetBytes("u-5e966499\n")], "it is UTF-16"),
            ([.. "u-5e966499\ngespr"u8, 0xE4, .. "ch\n"u8], "line 2 is not UTF-8 (it has the byte 0xE4)"),
            ([.. System.Text.Encoding.UTF8.GetBytes(new string('€', 128) + "\n" + new string('€', 128) + "\n")], "more than 1 ids"),
            (new byte[100_000], "it has more than"),
        })
        {
            using var file = new TemporaryFile(bytes);
            var read = () => IdLines.ReadAsync("--ids", file.Path, 1, CancellationToken.None);
            if (told is null)
            {
                Assert.Equal(["u-5e966499"], await read());
                continue;
            }
            var refused = await Assert.ThrowsAsync<CommandException>(read);
            Assert.Equal(ExitCodes.Usage, refused.ExitCode);
            Assert.Contains(told, refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("5e", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_id_that_was_typed_in_place_of_a_file_is_refused_without_quoting_it()
    {
        var refused = await Assert.ThrowsAsync<CommandException>(() => IdLines.ReadAsync("--cid", "u-5e966499", 1, CancellationToken.None));
        Assert.Contains("--cid names a file", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("u-5e966499", refused.Message, StringComparison.Ordinal);
    }
}
