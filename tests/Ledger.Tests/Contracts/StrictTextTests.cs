using System.Text;
using Ledger.Contracts.Bytes;

namespace Ledger.Tests.Contracts;

public sealed class StrictTextTests
{
    private static readonly byte[] s_mark = [0xEF, 0xBB, 0xBF];

    [Fact]
    public void A_mark_at_the_start_is_no_part_of_the_text()
    {
        Assert.Equal("ä\nb", StrictText.Of([.. s_mark, .. "ä\nb"u8]));
        Assert.Equal("ä\nb", StrictText.Of("ä\nb"u8));
        Assert.Equal("", StrictText.Of(s_mark));
        Assert.Equal("", StrictText.Of([]));
        Assert.Equal("x", StrictText.Line([.. s_mark, .. " x\r\n"u8]));
        // Two files that were joined.
        Assert.Equal("a\nb\n", StrictText.Of([.. s_mark, .. "a\n"u8, .. s_mark, .. "b\n"u8]));
    }

    [Fact]
    public void Everything_else_is_refused_with_its_line()
    {
        foreach (var (bytes, told) in new (byte[], string)[]
        {
            ([.. "a\nb"u8, .. s_mark, .. "\n"u8], "line 2 has a byte order mark"),
            ([.. s_mark, .. s_mark, .. "b\n"u8], "line 1 has a byte order mark"),
            ([.. "a\nb\ng"u8, 0xFC, (byte)'n'], "line 3 is not UTF-8 (it has the byte 0xFC)"),
            ([.. s_mark, .. "a\n"u8, 0x80], "line 2 is not UTF-8 (it has the byte 0x80)"),
            ([.. "a"u8, 0xC3], "line 1 is not UTF-8 (it has the byte 0xC3)"), // cut in a character
            ([0xED, 0xA0, 0x80], "line 1 is not UTF-8 (it has the byte 0xED)"), // a surrogate
            ([0xC0, 0xAF], "line 1 is not UTF-8 (it has the byte 0xC0)"), // a character in a second spelling
            ([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("a")], "it is UTF-16"),
            ([.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes("a")], "it is UTF-16"),
            (Encoding.Unicode.GetBytes("a"), "it is UTF-16"),
            (Encoding.BigEndianUnicode.GetBytes("a"), "it is UTF-16"),
            ([.. Encoding.UTF32.Preamble, .. Encoding.UTF32.GetBytes("a")], "it is UTF-32"),
            ([0, 0, 0xFE, 0xFF, 0, 0, 0, (byte)'a'], "it is UTF-32"),
            ([0, 0, 0, (byte)'a'], "it is UTF-32"),
            ([(byte)'a', 0, 0, 0], "it is UTF-32"),
        })
        {
            Assert.Contains(told, Assert.Throws<FormatException>(() => StrictText.Of(bytes)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void One_line_is_one_line()
    {
        const string Several = "more than one line", Empty = "it is empty";
        foreach (var (text, told) in new[] { ("a\nb\n", Several), ("a\rb", Several), ("\n", Empty), ("", Empty) })
        {
            var refused = Assert.Throws<FormatException>(() => StrictText.Line(Encoding.UTF8.GetBytes(text)));
            Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_signed_note_may_have_a_mark_of_its_own() => Assert.Equal("a\uFEFF", StrictText.Utf8("a\uFEFF"u8));
}
