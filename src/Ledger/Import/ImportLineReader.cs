namespace Ledger.Import;

/// <summary>Reads the lines of a stream of any length, in the memory of the longest line.</summary>
internal sealed class ImportLineReader(Stream stream)
{
    /// <summary>Maximum number of bytes of a line.</summary>
    public const int LongestLine = 64 << 20;

    private byte[] _buffer = new byte[256 << 10];
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>The number of the line returned last; the first is 1.</summary>
    public long Number { get; private set; }

    /// <summary>True if the line returned last is the first one that is not blank. That line shows the kind of file.</summary>
    public bool IsFirst { get; private set; } = true;

    private bool _isBegun;

    /// <summary>The next line that is not blank, valid until the next call. Null at the end.</summary>
    /// <exception cref="FormatException">A line is too long, or the stream is compressed and not whole.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancel)
    {
        while (await NextRawAsync(cancel) is { } line)
        {
            if (!line.Span.ContainsAnyExcept(" \t\r"u8))
                continue;
            (IsFirst, _isBegun) = (!_isBegun, true);
            return line;
        }
        return null;
    }

    private async ValueTask<ReadOnlyMemory<byte>?> NextRawAsync(CancellationToken cancel)
    {
        var searched = 0;
        while (true)
        {
            var newline = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (newline >= 0)
                return Take(searched + newline, skip: 1);
            searched = _end - _start;
            if (_ended && searched == 0)
                return null;
            if (_ended)
                return Take(searched, skip: 0);
            await FillAsync(cancel);
        }
    }

    private ReadOnlyMemory<byte> Take(int length, int skip)
    {
        var line = _buffer.AsMemory(_start, length);
        _start += length + skip;
        Number++;
        // A byte order mark is no part of a line. Files that are put together have one in their middle too.
        return line.Span.StartsWith("\uFEFF"u8) ? line[3..] : line;
    }

    private async Task FillAsync(CancellationToken cancel)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == LongestLine)
            throw Problem($"it is longer than {LongestLine >> 20} MiB");
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, LongestLine));
        try
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancel);
            _end += read;
            _ended = read == 0;
        }
        catch (InvalidDataException e)
        {
            throw Problem(e.Message, e);
        }
    }

    private FormatException Problem(string problem, Exception? cause = null)
    {
        Number++;
        return new FormatException(problem, cause);
    }
}
