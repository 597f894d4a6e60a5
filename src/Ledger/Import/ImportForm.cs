using Ledger.Contracts.Bytes;

namespace Ledger.Import;

/// <summary>Recognizes, by its first line, a file that is not JSON Lines.</summary>
internal static class ImportForm
{
    private static readonly (byte[] Start, string What)[] s_starts =
    [
        ([0x1F, 0x8B], "gzip data is in it: the file is compressed twice, or something stands in front. Unpack it once"),
        ([(byte)'P', (byte)'K', 3, 4], "the file is a zip archive: unpack it, or compress it with gzip"),
        ([0x28, 0xB5, 0x2F, 0xFD], "the file is compressed with Zstandard: unpack it, or compress it with gzip"),
        ([.. "BZh"u8], "the file is compressed with bzip2: unpack it, or compress it with gzip"),
        ([0xFD, .. "7zXZ"u8, 0], "the file is compressed with xz: unpack it, or compress it with gzip"),
    ];

    /// <summary>The problem with the file, in words. Null if the form is not known, or if the line could be the first one of JSON
    /// Lines.</summary>
    public static string? Of(ReadOnlySpan<byte> firstLine)
    {
        foreach (var (start, what) in s_starts)
        {
            if (firstLine.StartsWith(start))
                return what;
        }
        if (StrictText.OtherEncoding(firstLine) is { } encoding)
            return $"the file is {encoding}: write it in UTF-8";
        var text = firstLine.TrimStart(" \t"u8);
        if (text.StartsWith("["u8))
            return "the file is a JSON array: write one object a line, as `jq -c '.[]'` does";
        if (!text.StartsWith("{"u8))
            return text.ContainsAny(",;\t"u8) ? "the file looks like CSV: write one JSON object a line" : null;
        return text.TrimEnd(" \t\r"u8).EndsWith("}"u8) ? null
            : "its object seems to go on over several lines: write one object a line, as `jq -c .` does";
    }
}
