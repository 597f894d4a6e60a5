namespace Ledger.Contracts;

/// <summary>Limits that are part of the contract.</summary>
public static class Limits
{
    /// <summary>Characters of a bot id, client id, conversation id or cId, at most, as <see cref="Characters"/> counts them.</summary>
    public const int IdentifierCharacters = 128;

    /// <summary>Conversation ids of one request, at most, counted before duplicates are dropped.</summary>
    public const int ConversationIdsPerRequest = 100;

    /// <summary>Bytes of a request body, at most.</summary>
    public const int BodyBytes = 128 * 1024;

    /// <summary>Bytes of an event's JSON, at most.</summary>
    public const int EventBytes = 60_000;

    /// <summary>Attempts of a job, at most: the first and three retries.</summary>
    public const int Attempts = 4;

    /// <summary>
    /// Whether <paramref name="text"/> can be an identifier: non-blank, 1 to 128 characters, no control characters, well-formed UTF-16.
    /// </summary>
    public static bool IsIdentifier(string text) =>
        !string.IsNullOrWhiteSpace(text) && Characters(text) <= IdentifierCharacters && !text.Any(char.IsControl) && IsWellFormed(text);

    /// <summary>
    /// Whether a text can be a conversation id or a cId: an identifier without a byte order mark (U+FEFF) and without white space at its
    /// ends. What looks like one id must not be another, or the job for it erases nothing.
    /// </summary>
    public static bool IsConversationOrUserId(string text) =>
        IsIdentifier(text) && !text.Contains('\uFEFF') && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1]);

    /// <summary>
    /// The length of a text in Unicode code points. JSON Schema's <c>maxLength</c> (draft 2020-12, validation, §6.3.1) and PostgreSQL's
    /// <c>char_length</c> count so; .NET's <see cref="string.Length"/> counts code units, of which a code point takes one or two.
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
