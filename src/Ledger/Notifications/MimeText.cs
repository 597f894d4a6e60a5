using System.Globalization;
using System.Net.Mail;
using System.Text;

namespace Ledger.Notifications;

/// <summary>How text travels in mail: everything is ASCII, in lines that end with CR LF.</summary>
internal static class MimeText
{
    /// <summary>RFC 5322 §2.1.1, without the line's end.</summary>
    private const int LongestLine = 998;

    /// <summary>Bytes of one encoded word, which with its frame of 12 and in base64 stays within RFC 2047 §2's 75 characters.</summary>
    private const int WordBytes = 45;

    /// <summary>One part of a body: as it is where it can be, so that it is readable everywhere, else in base64.</summary>
    public static string Part(string type, string content)
    {
        var text = content.ReplaceLineEndings("\r\n");
        var isPlain = Ascii.IsValid(text) && text.Split('\n').All(line => line.Length <= LongestLine);
        var body = isPlain ? text : Convert.ToBase64String(Encoding.UTF8.GetBytes(text), Base64FormattingOptions.InsertLineBreaks) + "\r\n";
        return $"Content-Type: {type}; charset=utf-8\r\nContent-Transfer-Encoding: {(isPlain ? "7bit" : "base64")}\r\n\r\n{body}";
    }

    /// <summary>A header's text; what is not printable ASCII, or looks like an encoded word, in encoded words (RFC 2047 §4.1).</summary>
    public static string Header(string text)
    {
        if (IsPrintable(text) && !text.Contains("=?", StringComparison.Ordinal))
            return text;
        var (words, word) = (new List<string>(), new List<byte>());
        var bytes = new byte[4];
        foreach (var rune in text.EnumerateRunes()) // §5: no character is split between two words
        {
            var length = rune.EncodeToUtf8(bytes);
            if (word.Count + length > WordBytes)
                Flush();
            word.AddRange(bytes.AsSpan(0, length));
        }
        Flush();
        return string.Join("\r\n ", words);

        void Flush()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String([.. word])}?=");
            word.Clear();
        }
    }

    /// <summary>An address as SMTP carries it without SMTPUTF8: a domain in other letters by its ASCII name (RFC 5890). Null: it cannot.</summary>
    public static string? Address(MailAddress address)
    {
        try
        {
            var text = $"{address.User}@{new IdnMapping().GetAscii(address.Host)}";
            return text.All(character => character is > ' ' and <= '~' and not ('<' or '>')) ? text : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A sender with its name, if it has one (RFC 5322 §3.4).</summary>
    public static string Mailbox(MailAddress address) => address.DisplayName switch
    {
        "" => address.Address,
        var name when IsPrintable(name) => $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\" <{address.Address}>",
        var name => $"{Header(name)} <{address.Address}>",
    };

    /// <summary><c>Fri, 08 May 2026 06:22:56 +0000</c> (RFC 5322 §3.3)</summary>
    public static string Date(DateTimeOffset instant) => instant.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);

    private static bool IsPrintable(string text) => text.All(character => character is >= ' ' and <= '~');
}
