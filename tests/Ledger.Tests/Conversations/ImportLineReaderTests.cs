using System.IO.Compression;
using System.Text;
using Ledger.Conversations;

namespace Ledger.Tests.Conversations;

public sealed class ImportLineReaderTests
{
    [Fact]
    public async Task Lines_come_with_their_numbers_and_blank_ones_only_count()
    {
        Assert.Equal(["1 a", "3 b\r", "5 c"], await ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes("a\n \t\nb\r\n\nc"))));
        Assert.Equal(["1 a"], await ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes("a\n"))));
        Assert.Empty(await ReadAsync(new MemoryStream()));
    }

    [Fact]
    public async Task A_byte_order_mark_is_no_part_of_the_first_line() =>
        Assert.Equal(["1 a"], await ReadAsync(new MemoryStream([0xEF, 0xBB, 0xBF, (byte)'a'])));

    [Fact]
    public async Task Lines_longer_than_the_buffer_come_whole()
    {
        var length = 1_000_000;
        var lines = await ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes($"short\n{new string('x', length)}\nlast")));
        Assert.Equal(["1 short", $"2 {new string('x', length)}", "3 last"], lines);
    }

    [Fact]
    public async Task Gzip_is_told_by_its_content()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
            await gzip.WriteAsync("a\nb\n"u8.ToArray());
        Assert.Equal(["1 a", "2 b"], await ReadAsync(await ConversationImport.DecompressedAsync(new MemoryStream(packed.ToArray()), CancellationToken.None)));
        Assert.Equal(["1 a", "2 b"], await ReadAsync(await ConversationImport.DecompressedAsync(new MemoryStream("a\nb\n"u8.ToArray()), CancellationToken.None)));
        Assert.Equal(["1 a"], await ReadAsync(await ConversationImport.DecompressedAsync(new MemoryStream("a"u8.ToArray()), CancellationToken.None)));
    }

    [Fact]
    public async Task Damaged_compression_is_an_error_at_its_line()
    {
        var damaged = new MemoryStream([0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xFF, 0xFF, 0xFF]);
        var lines = new ImportLineReader(await ConversationImport.DecompressedAsync(damaged, CancellationToken.None));
        await Assert.ThrowsAsync<FormatException>(async () => await lines.NextAsync(CancellationToken.None));
        Assert.Equal(1, lines.Number);
    }

    private static async Task<List<string>> ReadAsync(Stream stream)
    {
        var reader = new ImportLineReader(stream);
        var lines = new List<string>();
        while (await reader.NextAsync(CancellationToken.None) is { } line)
            lines.Add($"{reader.Number} {Encoding.UTF8.GetString(line.Span)}");
        return lines;
    }
}
