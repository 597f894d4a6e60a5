using System.IO.Compression;
using System.Text;
using Ledger.Import;

namespace Ledger.Tests.Import;

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
    public async Task A_byte_order_mark_is_no_part_of_a_line() =>
        Assert.Equal(["1 a", "3 b"], await ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes("\uFEFFa\n\uFEFF\n\uFEFFb"))));

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
        Assert.Equal(["1 a", "2 b"], await ReadAsync(packed));
        Assert.Equal(["1 a", "2 b"], await ReadAsync(new MemoryStream("a\nb\n"u8.ToArray())));
        Assert.Equal(["1 a"], await ReadAsync(new MemoryStream("a"u8.ToArray())));
    }

    [Fact]
    public async Task Damaged_compression_is_an_error_at_its_line()
    {
        var damaged = new MemoryStream([0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xFF, 0xFF, 0xFF]);
        var lines = await ImportSource.Of(damaged).LinesAsync(CancellationToken.None);
        await Assert.ThrowsAsync<FormatException>(async () => await lines.NextAsync(CancellationToken.None));
        Assert.Equal(1, lines.Number);
    }

    /// <summary>As the framework's writer makes them: several members, each of any size, in pieces of any size.</summary>
    [Fact]
    public async Task Members_come_whole_however_they_are_cut_into_reads()
    {
        var content = string.Concat(Enumerable.Range(0, 20_000).Select(n => $"line {n * n}\n"));
        foreach (var piece in new[] { 1, 7, 65_536, 10_000_000 })
        {
            var packed = new MemoryStream();
            foreach (var part in new[] { content[..1], content[1..70_001], content[70_001..] })
            {
                await using var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true);
                await gzip.WriteAsync(Encoding.UTF8.GetBytes(part));
            }
            var (unpacked, buffer) = (new MemoryStream(), new byte[piece]);
            var members = new GzipMembers(new MemoryStream(packed.ToArray()));
            while (await members.ReadAsync(buffer) is > 0 and var count)
                unpacked.Write(buffer, 0, count);
            Assert.Equal(content, Encoding.UTF8.GetString(unpacked.ToArray()));
        }
    }

    private static async Task<List<string>> ReadAsync(Stream stream)
    {
        var reader = await ImportSource.Of(stream).LinesAsync(CancellationToken.None);
        var lines = new List<string>();
        while (await reader.NextAsync(CancellationToken.None) is { } line)
            lines.Add($"{reader.Number} {Encoding.UTF8.GetString(line.Span)}");
        return lines;
    }
}
