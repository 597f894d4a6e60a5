using System.Buffers;
using System.Text;

namespace Ledger.SystemTests.Keys;

/// <summary>All the forms in which an identifier could be hidden in a text.</summary>
internal static class RawIdentifier
{
    /// <summary>Which of the forms of <paramref name="id"/> occur in <paramref name="text"/>.</summary>
    public static IReadOnlyList<string> Find(string id, string text) =>
        [.. Forms(id).Where(form => text.Contains(form.Text, StringComparison.Ordinal)).Select(form => $"{id} as {form.Name}").Distinct()];

    /// <summary>
    /// Which of the forms of <paramref name="ids"/> occur where. Line breaks do not hide one: base64 has them every 76 characters, and COPY
    /// writes them as \n.
    /// </summary>
    public static IReadOnlyList<string> Find(IReadOnlyCollection<string> ids, IReadOnlyList<Kept> everything)
    {
        // One pass over a text looks for all forms of all ids: most texts hold none, and some are long.
        var any = SearchValues.Create([.. ids.SelectMany(Forms).Select(form => form.Text).Distinct()], StringComparison.Ordinal);
        return
        [
            .. from kept in everything
               let texts = new[] { kept.Text, Joined(kept.Text) }.Where(text => text.AsSpan().ContainsAny(any)).ToList()
               from id in ids
               from found in texts.SelectMany(text => Find(id, text)).Distinct()
               select $"{found} in {kept.Place}",
        ];
    }

    private static string Joined(string text) =>
        new[] { "\r", "\n", "\\n" }.Aggregate(text, (joined, end) => joined.Replace(end, "", StringComparison.Ordinal));

    private static IEnumerable<(string Name, string Text)> Forms(string id)
    {
        yield return ("plain text", id);
        yield return ("a JSON string", Escaped(id, "x4"));
        yield return ("a JSON string", Escaped(id, "X4"));
        yield return ("a URL", Uri.EscapeDataString(id));
        yield return ("a URL", PercentLower(id));
        yield return ("JSON of escapes alone", string.Concat(id.Select(c => "\\u" + ((int)c).ToString("x4"))));
        yield return ("UTF-8 read as Latin-1", Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(id)));
        foreach (
            var (encoding, name) in new (Encoding, string)[]
            {
                (Encoding.UTF8, "UTF-8"), (Encoding.Unicode, "UTF-16LE"), (Encoding.BigEndianUnicode, "UTF-16BE"),
            }
        )
        {
            var bytes = encoding.GetBytes(id);
            yield return ($"hex of {name}", Convert.ToHexStringLower(bytes));
            yield return ($"hex of {name}", Convert.ToHexString(bytes));
            for (var alignment = 0; alignment < 3; alignment++)
            {
                var base64 = Base64Within(bytes, alignment);
                yield return ($"base64 of {name}", base64);
                yield return ($"base64url of {name}", base64.Replace('+', '-').Replace('/', '_'));
            }
        }
    }

    private static string Escaped(string id, string hex) =>
        string.Concat(id.Select(c => c < 128 ? c.ToString() : "\\u" + ((int)c).ToString(hex)));

    private static string PercentLower(string id) =>
        string.Concat(Encoding.UTF8.GetBytes(id).Select(b => char.IsAsciiLetterOrDigit((char)b) || b == '-' ? $"{(char)b}" : $"%{b:x2}"));

    /// <summary>
    /// The characters that these bytes alone decide when <paramref name="alignment"/> bytes come before them and any after.
    /// </summary>
    private static string Base64Within(byte[] bytes, int alignment)
    {
        var text = Convert.ToBase64String([.. new byte[alignment], .. bytes]);
        var from = alignment == 0 ? 0 : alignment + 1;
        return text[from..((alignment + bytes.Length) * 8 / 6)];
    }
}
