using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;
using Ledger.Contracts;

namespace Ledger.Web;

/// <summary>
/// A form as a browser sends it from a page of ours: <c>application/x-www-form-urlencoded</c> in UTF-8, with the page's fields, each at
/// most once. The framework's own reader is not used. It throws on some input, and reads other input as something else.
/// </summary>
internal static class FormBody
{
    private const string MediaType = "application/x-www-form-urlencoded";

    private static readonly ErrorAnswer s_noForm =
        new(415, $"a form must be sent as {MediaType} in UTF-8, and not compressed, as the page here does it");
    private static readonly ErrorAnswer s_tooLarge = new(413, $"a form must have at most {Limits.BodyBytes} bytes");
    private static readonly ErrorAnswer s_damaged =
        new(400, "the form is damaged: it must be percent-encoded UTF-8 without the character U+0000");

    /// <summary>The sent fields, or the problem. Exactly one of the two is null.</summary>
    /// <param name="request">The request. Its body is read to the end, or to the limit.</param>
    /// <param name="names">The fields that the form has.</param>
    /// <param name="cancel">Stops the reading.</param>
    public static async ValueTask<(IReadOnlyDictionary<string, string>? Fields, ErrorAnswer? Refusal)> ReadAsync(
        HttpRequest request, string[] names, CancellationToken cancel)
    {
        if (!RequestHeaders.Announce(request, MediaType))
            return (null, s_noForm);
        return await RequestBody.ReadAsync(request, cancel) is { } body ? Parse(body, names) : (null, s_tooLarge);
    }

    internal static (IReadOnlyDictionary<string, string>? Fields, ErrorAnswer? Refusal) Parse(ReadOnlySpan<byte> body, string[] names)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var range in body.Split((byte)'&'))
        {
            var pair = body[range];
            if (pair.IsEmpty)
                continue;
            var equals = pair.IndexOf((byte)'=');
            var name = Decode(equals < 0 ? pair : pair[..equals]);
            var value = Decode(equals < 0 ? [] : pair[(equals + 1)..]);
            if (name is null || value is null)
                return (null, s_damaged);
            if (!names.Contains(name))
                return (null, new ErrorAnswer(400, $"the form has an unknown field: only {string.Join(" and ", names)} are known"));
            if (!fields.TryAdd(name, value))
                return (null, new ErrorAnswer(400, $"the form has {name} more than once"));
        }
        return (fields, null);
    }

    /// <summary>
    /// Decodes a text. Null if it is not a text: a percent sign without two hexadecimal digits, invalid UTF-8, or NUL, which no database
    /// takes.
    /// </summary>
    private static string? Decode(ReadOnlySpan<byte> encoded)
    {
        var bytes = new byte[encoded.Length];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            bytes[length] = encoded[i] == '+' ? (byte)' ' : encoded[i];
            if (encoded[i] == '%')
            {
                if (i + 2 >= encoded.Length
                    || !Utf8Parser.TryParse(encoded.Slice(i + 1, 2), out bytes[length], out var digits, 'x') || digits != 2)
                    return null;
                i += 2;
            }
            length++;
        }
        var text = bytes.AsSpan(0, length);
        return Utf8.IsValid(text) && !text.Contains((byte)0) ? Encoding.UTF8.GetString(text) : null;
    }
}
