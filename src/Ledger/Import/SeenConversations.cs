using System.Runtime.InteropServices;

namespace Ledger.Import;

/// <summary>The conversations of one input, in 28 bytes each, to find one that comes twice with different content.</summary>
internal sealed class SeenConversations
{
    private UInt128[] _ids = new UInt128[16_384];
    private Seen[] _seen = new Seen[16_384];
    private int _count;

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private readonly record struct Seen(ulong Content, uint Line);

    /// <param name="digest">The digest of the content.</param>
    /// <param name="id">The id of the conversation.</param>
    /// <param name="line">The line's number.</param>
    public void Add(UInt128 id, byte[] digest, long line)
    {
        if (_count == _ids.Length)
        {
            Array.Resize(ref _ids, checked(_count * 2));
            Array.Resize(ref _seen, _ids.Length);
        }
        (_ids[_count], _seen[_count++]) = (id, new Seen(BitConverter.ToUInt64(digest), checked((uint)line)));
    }

    /// <summary>The first line whose conversation has other content on an earlier line, and that earlier line. Null if there is
    /// none.</summary>
    public (long Line, long Earlier)? FindDifferent()
    {
        Array.Sort(_ids, _seen, 0, _count);
        (long Line, long Earlier)? found = null;
        for (var start = 0; start < _count;)
        {
            var end = start + 1;
            while (end < _count && _ids[end] == _ids[start])
                end++;
            if (end - start > 1 && Different(_seen.AsSpan(start, end - start)) is { } pair
                && (found is null || pair.Line < found.Value.Line))
                found = pair;
            start = end;
        }
        return found;
    }

    private static (long Line, long Earlier)? Different(Span<Seen> same)
    {
        same.Sort((one, other) => one.Line.CompareTo(other.Line));
        foreach (var seen in same)
        {
            if (seen.Content != same[0].Content)
                return (seen.Line, same[0].Line);
        }
        return null;
    }
}
