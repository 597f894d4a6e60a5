using ICSharpCode.SharpZipLib.Checksum;
using ICSharpCode.SharpZipLib.Zip.Compression;

namespace Ledger.Import;

/// <summary>
/// The content of a gzip file (RFC 1952 §2.2): whole members and nothing else, and zeros may follow as padding. The framework's own stream
/// accepts a file that is cut short, and ignores what follows the last member. Here both are an <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class GzipMembers(Stream packed) : Stream
{
    private const byte HasHeaderCrc = 1 << 1, HasExtra = 1 << 2, HasName = 1 << 3, HasComment = 1 << 4, Reserved = 0b1110_0000;

    private readonly Inflater _inflater = new(noHeader: true);
    private readonly Crc32 _crc = new();
    private readonly byte[] _input = new byte[64 << 10];
    private readonly byte[] _output = new byte[64 << 10];
    private int _start;
    private int _end;
    private long _size;
    private bool _isInMember;
    private bool _isBehindMember;

    /// <summary>The first bytes of a file whose content is compressed (RFC 1952 §2.3.1).</summary>
    public static ReadOnlySpan<byte> Magic => [0x1F, 0x8B];

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <exception cref="InvalidDataException">The file is not whole. The message says in what way.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0 && (_isInMember || await BeginMemberAsync(cancellationToken)))
        {
            var count = await InflateAsync(Math.Min(buffer.Length, _output.Length), cancellationToken);
            _output.AsSpan(0, count).CopyTo(buffer.Span);
            if (count > 0)
                return count;
            await EndMemberAsync(cancellationToken);
        }
        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Reads a header (§2.3). False at the end of the file.</summary>
    private async ValueTask<bool> BeginMemberAsync(CancellationToken cancel)
    {
        if (_isBehindMember && (!await FillAsync(cancel) || _input[_start] == 0))
        {
            await ReadPaddingAsync(cancel);
            return false;
        }
        _crc.Reset();
        var isMember = await HeaderByteAsync(cancel) == Magic[0] && await HeaderByteAsync(cancel) == Magic[1];
        if (!isMember)
            throw new InvalidDataException("something follows the compressed data that is neither compressed nor padding");
        var method = await HeaderByteAsync(cancel);
        var flags = await HeaderByteAsync(cancel);
        if (method != 8 || (flags & Reserved) != 0)
            throw new InvalidDataException("it is compressed in a way that is not known");
        await SkipAsync(6, cancel); // the time, hints and the system
        if ((flags & HasExtra) != 0)
            await SkipAsync(await HeaderByteAsync(cancel) | await HeaderByteAsync(cancel) << 8, cancel);
        if ((flags & HasName) != 0)
            await SkipTextAsync(cancel);
        if ((flags & HasComment) != 0)
            await SkipTextAsync(cancel);
        var crc = (int)(_crc.Value & 0xFFFF);
        if ((flags & HasHeaderCrc) != 0 && (await HeaderByteAsync(cancel) | await HeaderByteAsync(cancel) << 8) != crc)
            throw Damaged();
        _inflater.Reset();
        _crc.Reset();
        _size = 0;
        return _isInMember = true;
    }

    /// <summary>Unpacks content. 0 at the member's end.</summary>
    private async ValueTask<int> InflateAsync(int most, CancellationToken cancel)
    {
        while (true)
        {
            var count = Inflate(most);
            if (count > 0 || _inflater.IsFinished)
                return count;
            if (!await FillAsync(cancel))
                throw CutShort();
            _inflater.SetInput(_input, _start, _end - _start);
            _start = _end;
        }
    }

    private int Inflate(int most)
    {
        try
        {
            var count = _inflater.Inflate(_output, 0, most);
            _crc.Update(new ArraySegment<byte>(_output, 0, count));
            _size += count;
            return count > 0 || _inflater.IsFinished || _inflater.IsNeedingInput ? count : throw Damaged();
        }
        // Whatever the inflater meets in damaged data, it says so in one way or another.
        catch (Exception e) when (e is not InvalidDataException)
        {
            throw Damaged(e);
        }
    }

    /// <summary>Reads the trailer (§2.3.1): the content's checksum and its size modulo 2^32.</summary>
    private async ValueTask EndMemberAsync(CancellationToken cancel)
    {
        _start = _end - _inflater.RemainingInput;
        var (crc, size) = (_crc.Value, _size);
        if (await FourBytesAsync(cancel) != (uint)crc || await FourBytesAsync(cancel) != (uint)size)
            throw Damaged();
        (_isInMember, _isBehindMember) = (false, true);
    }

    private async ValueTask ReadPaddingAsync(CancellationToken cancel)
    {
        while (await FillAsync(cancel))
        {
            if (_input.AsSpan(_start, _end - _start).ContainsAnyExcept((byte)0))
                throw new InvalidDataException("something follows the compressed data and its padding");
            _start = _end;
        }
    }

    private async ValueTask<uint> FourBytesAsync(CancellationToken cancel)
    {
        var value = 0u;
        for (var i = 0; i < 4; i++)
            value |= (uint)await HeaderByteAsync(cancel) << (8 * i);
        return value;
    }

    private async ValueTask SkipAsync(int count, CancellationToken cancel)
    {
        for (; count > 0; count--)
            await HeaderByteAsync(cancel);
    }

    /// <summary>Skips a text, which ends with a zero.</summary>
    private async ValueTask SkipTextAsync(CancellationToken cancel)
    {
        while (await HeaderByteAsync(cancel) != 0) { }
    }

    private async ValueTask<byte> HeaderByteAsync(CancellationToken cancel)
    {
        if (!await FillAsync(cancel))
            throw CutShort();
        _crc.Update(_input[_start]);
        return _input[_start++];
    }

    /// <summary>Fills the buffer if it is empty. False if there is nothing left to read.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancel)
    {
        if (_start == _end)
            (_start, _end) = (0, await packed.ReadAsync(_input, cancel));
        return _start < _end;
    }

    private static InvalidDataException CutShort() => new("the compressed data is cut short");

    private static InvalidDataException Damaged(Exception? e = null) => new("the compressed data is damaged", e);
}
