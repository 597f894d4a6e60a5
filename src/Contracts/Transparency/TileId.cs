using System.Globalization;
using System.Runtime.InteropServices;

namespace Ledger.Contracts.Transparency;

/// <summary>
/// A tile of height 8 (c2sp.org/tlog-tiles): hash <c>i</c> of tile <c>n</c> at level <c>l</c> is the root over the leaves
/// <c>[(n·256+i)·256^l, (n·256+i+1)·256^l)</c>. At the level <see cref="Entries"/>, it is a bundle of 256 entries.
/// </summary>
/// <param name="Level">0 to 63, or <see cref="Entries"/>.</param>
/// <param name="Number">From 0.</param>
/// <param name="Width">Number of hashes or entries in it: 256, or 1 to 255 for a partial tile.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TileId(int Level, long Number, int Width)
{
    /// <summary>The level of entry bundles.</summary>
    public const int Entries = -1;

    /// <summary>Hashes of a full tile; entries of a full bundle.</summary>
    public const int FullWidth = 256;

    /// <summary>
    /// The path: <c>tile/L/N</c> or <c>tile/entries/N</c>, with <c>.p/W</c> if partial. N is in groups of three digits. All groups but
    /// the last have an <c>x</c> before them.
    /// </summary>
    public string Path
    {
        get
        {
            var number = (Number % 1000).ToString("D3", CultureInfo.InvariantCulture);
            for (var rest = Number / 1000; rest > 0; rest /= 1000)
                number = FormattableString.Invariant($"x{rest % 1000:D3}/{number}");
            var level = Level == Entries ? "entries" : Level.ToString(CultureInfo.InvariantCulture);
            return Width == FullWidth ? $"tile/{level}/{number}" : FormattableString.Invariant($"tile/{level}/{number}.p/{Width}");
        }
    }

    /// <summary>Reads a path. Only the form that <see cref="Path"/> has is accepted.</summary>
    public static bool TryParse(string path, out TileId tile)
    {
        tile = default;
        var parts = path.Split('/');
        if (parts.Length is < 3 or > 12 || parts[0] != "tile")
            return false;
        var level = parts[1] == "entries" ? Entries : Digits(parts[1], 2);
        var width = FullWidth;
        var number = parts[2..];
        if (number.Length > 1 && number[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            width = Digits(number[^1], 3);
            number = number[..^1];
            number[^1] = number[^1][..^2];
        }
        long n = 0;
        foreach (var group in number)
        {
            if (Digits(group.TrimStart('x'), 3) is var digits && (digits < 0 || n > Jcs.MaxInteger / 1000))
                return false;
            n = n * 1000 + digits;
        }
        tile = new TileId(level, n, width);
        // Every other spelling of the same tile is refused here.
        return level <= 63 && (level >= 0 || parts[1] == "entries") && width is >= 1 and <= FullWidth && tile.Path == path;
    }

    /// <summary>
    /// True if a log of this many leaves has the tile. The tile may be full, the one partial tile at the log's right edge, or a prefix of
    /// a tile that the log has.
    /// </summary>
    public bool IsWithin(long size)
    {
        var hashes = size >> (8 * Math.Max(Level, 0)); // C# takes a shift count modulo 64: level 8 and above are beyond any size
        return Level < 8 && Number < hashes && Number * FullWidth + Width <= hashes;
    }

    /// <summary>Adds an entry to a bundle: its length in two bytes, big-endian, and the entry.</summary>
    public static void AppendTo(System.Buffers.IBufferWriter<byte> bundle, ReadOnlySpan<byte> entry)
    {
        if (entry.Length > LeafEntry.MaxBytes)
            throw new ArgumentException($"an entry has at most {LeafEntry.MaxBytes:N0} bytes", nameof(entry));
        var target = bundle.GetSpan(2 + entry.Length);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(target, (ushort)entry.Length);
        entry.CopyTo(target[2..]);
        bundle.Advance(2 + entry.Length);
    }

    /// <summary>The entries of a bundle.</summary>
    /// <exception cref="FormatException">The bundle is cut short, or has more than 256 entries.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> ReadBundle(ReadOnlyMemory<byte> bundle)
    {
        var entries = new List<ReadOnlyMemory<byte>>();
        while (!bundle.IsEmpty)
        {
            if (entries.Count == FullWidth)
                throw new FormatException($"an entry bundle has at most {FullWidth} entries");
            if (bundle.Length < 2
                || System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(bundle.Span) is var length && bundle.Length < 2 + length)
                throw new FormatException("an entry bundle is cut short");
            entries.Add(bundle.Slice(2, length));
            bundle = bundle[(2 + length)..];
        }
        return entries;
    }

    private static int Digits(string text, int most) =>
        text.Length > 0 && text.Length <= most && text.All(char.IsAsciiDigit) ? int.Parse(text, CultureInfo.InvariantCulture) : -1;
}
