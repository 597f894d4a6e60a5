using System.Text;
using System.Text.Json;

namespace Ledger.Api;

/// <summary>A date member as it was sent, before it is checked. Beside conversation ids it is never checked.</summary>
/// <param name="Json">The value, of any type, without the differences that JSON allows; null if the member is absent or null.</param>
/// <param name="Text">Its text; null if it is not a string.</param>
internal readonly record struct SentDate(string? Json, string? Text)
{
    public bool IsSent => Json is not null;

    /// <summary>Reads a value to its end.</summary>
    public static SentDate Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return default;
        var text = reader.TokenType == JsonTokenType.String ? DeletionRequestMembers.TextOf(ref reader) : null;
        return new SentDate(text is null ? Tokens(ref reader) : JsonSerializer.Serialize(text), text);
    }

    /// <summary>
    /// The value's tokens, each followed by a space. No two values give the same text. Escapes stay as they were sent, because half a
    /// surrogate pair has no text.
    /// </summary>
    private static string Tokens(ref Utf8JsonReader reader)
    {
        var tokens = new StringBuilder();
        var depth = reader.CurrentDepth;
        do
        {
            var isText = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName;
            var token = Encoding.UTF8.GetString(reader.ValueSpan);
            tokens.Append(isText ? $"\"{token}\"" : token).Append(' ');
        }
        while ((reader.CurrentDepth > depth || reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject) && reader.Read());
        return tokens.ToString();
    }

    /// <summary>Says only if the date was sent. The value itself may be anything that the caller sent.</summary>
    public override string ToString() => IsSent ? "sent" : "not sent";
}
