using System.Globalization;
using System.Text;

namespace Ledger.Contracts;

/// <summary>Limits that are part of the contract.</summary>
public static class Limits
{
    /// <summary>Maximum length of a bot id, client id, conversation id or cId, as <see cref="Characters"/> counts it.</summary>
    public const int IdentifierCharacters = 128;

    /// <summary>Maximum number of conversation ids in one request, counted before duplicates are dropped.</summary>
    public const int ConversationIdsPerRequest = 100;

    /// <summary>Maximum length of a case's reference, as <see cref="Characters"/> counts it.</summary>
    public const int ReferenceCharacters = 64;

    /// <summary>Maximum length of the reason for a later deadline, as <see cref="Characters"/> counts it.</summary>
    public const int ReasonCharacters = 500;

    /// <summary>Maximum size of a request body, in bytes.</summary>
    public const int BodyBytes = 128 * 1024;

    /// <summary>Maximum size of an event's JSON, in bytes.</summary>
    public const int EventBytes = 60_000;

    /// <summary>Maximum number of attempts of a job: the first and three retries.</summary>
    public const int Attempts = 4;

    /// <summary>
    /// True if <paramref name="text"/> can be an identifier: non-blank, 1 to 128 characters, no control characters, well-formed UTF-16.
    /// </summary>
    public static bool IsIdentifier(string text) =>
        !string.IsNullOrWhiteSpace(text) && Characters(text) <= IdentifierCharacters && !text.Any(char.IsControl) && IsWellFormed(text);

    /// <summary>
    /// True if a text can be a conversation id or a cId: an identifier without a byte order mark (U+FEFF) and without white space at its
    /// ends. Otherwise a text could look like one id but be another, and the job for it would erase nothing.
    /// </summary>
    public static bool IsConversationOrUserId(string text) =>
        IsIdentifier(text) && !text.Contains('\uFEFF') && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1]);

    /// <summary>
    /// True if a text is 1 to <paramref name="most"/> visible characters. A space may stand between two of them. No other white space, no
    /// control character and no format character is visible.
    /// </summary>
    public static bool IsVisible(string text, int most) =>
        text.Length > 0 && IsWellFormed(text) && Characters(text) <= most && text[0] != ' ' && text[^1] != ' '
        && text.EnumerateRunes().All(rune => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse));

    /// <summary>
    /// The length of a text in Unicode code points. JSON Schema's <c>maxLength</c> (draft 2020-12, validation, §6.3.1) and PostgreSQL's
    /// <c>char_length</c> count in the same way. .NET's <see cref="string.Length"/> counts code units. A code point takes one or two of
    /// them.
    /// </summary>
    public static int Characters(string text) => text.EnumerateRunes().Count();

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
                return false;
            i++;
        }
        return true;
    }
}
