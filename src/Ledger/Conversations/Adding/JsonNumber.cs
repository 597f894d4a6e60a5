using System.Globalization;
using System.Text;

namespace Ledger.Conversations.Adding;

/// <summary>
/// A number of JSON (RFC 8259 §6) by its value, of any size. PostgreSQL's jsonb stores it as <c>numeric</c>: at most 131,072 digits before
/// the point and 16,383 behind it.
/// </summary>
internal static class JsonNumber
{
    private const int MostDigitsBeforePoint = 131_072;
    private const int MostDigitsBehindPoint = 16_383;

    // numeric_in refuses what is beyond, even of a zero.
    private const int MostExponent = int.MaxValue / 2;

    /// <summary>
    /// The value in one form, digits and a power of ten without a zero at either end, so that 1.50 and 15e-1 are the same text; null where
    /// jsonb cannot store it.
    /// </summary>
    /// <param name="number">As in JSON text that was read already.</param>
    /// <returns>The text, and how many digits the number has when it is written out without an exponent.</returns>
    public static (string Text, int Digits)? Canonical(ReadOnlySpan<byte> number)
    {
        var e = number.IndexOfAny((byte)'e', (byte)'E');
        var mantissa = e < 0 ? number : number[..e];
        if (Exponent(e < 0 ? [] : number[(e + 1)..]) is not { } exponent)
            return null;
        var isNegative = mantissa[0] == '-';
        if (isNegative)
            mantissa = mantissa[1..];
        var point = mantissa.IndexOf((byte)'.');
        var behind = point < 0 ? 0 : mantissa.Length - point - 1;
        var scale = Math.Max(0, behind - exponent);
        if (scale > MostDigitsBehindPoint)
            return null;
        var digits = point < 0
            ? Encoding.ASCII.GetString(mantissa)
            : string.Concat(Encoding.ASCII.GetString(mantissa[..point]), Encoding.ASCII.GetString(mantissa[(point + 1)..]));
        var significant = digits.TrimStart('0');
        if (significant.Length == 0)
            return ("0", 1 + scale);
        var before = significant.Length - behind + exponent;
        if (before > MostDigitsBeforePoint)
            return null;
        var trimmed = significant.TrimEnd('0');
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{(isNegative ? "-" : "")}{trimmed}e{exponent - behind + significant.Length - trimmed.Length}");
        return (text, Math.Max(1, before) + scale);
    }

    /// <summary>Null: beyond what is read at all.</summary>
    private static int? Exponent(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return 0;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            && Math.Abs((long)exponent) < MostExponent ? exponent : null;
    }
}
