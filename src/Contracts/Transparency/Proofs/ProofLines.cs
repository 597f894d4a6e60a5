namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Reads lines that end with LF from a stream, in bounded memory; a line is valid until the next one is asked for.</summary>
internal sealed class ProofLines(Stream stream, CancellationToken cancel)
{
    /// <summary>Maximum size of a line without its LF, in bytes: that of an entry.</summary>
    public const int MaxLineBytes = LeafEntry.MaxBytes;

    private readonly byte[] _buffer = new byte[4 * (MaxLineBytes + 1)];
    private int _from, _to;

    /// <summary>Lines read so far; the last one's number.</summary>
    public long Number { get; private set; }

    /// <summary>The next line, without its LF.</summary>
    /// <exception cref="FormatException">There is none, or it is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync()
    {
        var length = await FindAsync();
        Number++;
        var line = _buffer.AsMemory(_from, length);
        _from += length + 1;
        return line;
    }

    public async ValueTask<string> NextTextAsync() => Base64.Utf8((await NextAsync()).Span);

    public async ValueTask<byte[]> NextHashAsync() => Base64.DecodeHash(await NextTextAsync());

    /// <summary>The next line's text, which remains the next line; null where there is none that a line's bounds allow.</summary>
    public async ValueTask<string?> PeekTextAsync()
    {
        try
        {
            return Base64.Utf8(_buffer.AsSpan(_from, await FindAsync()));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>All that follows.</summary>
    /// <exception cref="FormatException">It has more than <paramref name="max"/> bytes.</exception>
    public async ValueTask<byte[]> RestAsync(int max)
    {
        using var rest = new MemoryStream();
        do
        {
            rest.Write(_buffer, _from, _to - _from);
            _from = _to;
            if (rest.Length > max)
                throw new FormatException($"the file has more than {max:N0} bytes");
        }
        while (await FillAsync());
        return rest.ToArray();
    }

    /// <exception cref="FormatException">Something follows.</exception>
    public async ValueTask EndAsync()
    {
        if (_from < _to || await FillAsync())
            throw new FormatException("something follows the end of the proof");
    }

    private async ValueTask<int> FindAsync()
    {
        var scanned = 0;
        while (true)
        {
            var found = _buffer.AsSpan(_from + scanned, _to - _from - scanned).IndexOf((byte)'\n');
            if (found >= 0 && scanned + found <= MaxLineBytes)
                return scanned + found;
            scanned = _to - _from;
            if (found >= 0 || scanned > MaxLineBytes)
                throw new FormatException($"the next line has more than {MaxLineBytes:N0} bytes");
            if (!await FillAsync())
                throw new FormatException(
                    scanned == 0 ? "the file ends too early: it was cut short" : "the file ends in the middle of a line: it was cut short");
        }
    }

    private async ValueTask<bool> FillAsync()
    {
        if (_from > 0)
        {
            _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
            (_from, _to) = (0, _to - _from);
        }
        var read = await stream.ReadAsync(_buffer.AsMemory(_to), cancel);
        _to += read;
        return read > 0;
    }
}
