using System.Text;
using Ledger.Contracts;
using Ledger.Conversations.Adding;
using Ledger.Import;

namespace Ledger.Tests.Import;

public sealed class ImportLineTests
{
    private const string Line =
        """{"botId":"st-1","conversationId":"c-1","cId":"u-1","channel":"rtm","startedAt":"2026-05-04T08:00:00.1239Z","messages":[{"type":"incoming","createdOn":"2026-05-04T10:00:01+02:00","text":"héllo"}]}""";

    [Fact]
    public void A_line_is_a_conversation_with_its_items()
    {
        var conversation = Parse(Line[..^1] + ""","logs":[{"entry":1},{"createdOn":"2026-05-04T08:00:09Z"}],"recordings":[]}""");
        Assert.Equal(
            ("st-1", "c-1", "u-1", "rtm"), (conversation.BotId, conversation.ConversationId, conversation.CId, conversation.Channel));
        Assert.Equal(
            ["0 0 2026-05-04T08:00:01.000Z", "4 0 2026-05-04T08:00:00.123Z", "4 1 2026-05-04T08:00:09.000Z"],
            conversation.Items.Select(item => $"{item.Kind} {item.Position} {Instant.Text(item.CreatedOn)}")
        );
        Assert.Equal(
            """{"type":"incoming","createdOn":"2026-05-04T10:00:01+02:00","text":"héllo"}""",
            Encoding.UTF8.GetString(conversation.Items[0].Body)
        );
    }

    [Fact]
    public void Instants_are_cut_to_milliseconds() => Assert.Equal("2026-05-04T08:00:00.123Z", Instant.Text(Parse(Line).StartedAt));

    [Theory]
    [InlineData("\"botId\":\"st-1\",", "", "botId is missing")]
    [InlineData("\"st-1\"", "1", "botId must be a string of 1 to 128 characters")]
    [InlineData("\"c-1\"", "\"  \"", "conversationId must be a string of 1 to 128 characters")]
    [InlineData("\"u-1\"", "\"a\\u0007b\"", "cId must be a string of 1 to 128 characters")]
    [InlineData("\"u-1\"", "null", "cId must be a string of 1 to 128 characters")]
    [InlineData("\"u-1\"", "\"\\ufeffu-1\"", "cId must be a string of 1 to 128 characters")]
    [InlineData("\"u-1\"", "\"u-1\\u00a0\"", "cId must be a string of 1 to 128 characters")]
    [InlineData("\"c-1\"", "\" c-1\"", "conversationId must be a string of 1 to 128 characters")]
    [InlineData("\"rtm\"", "\"Mr Smith called\"", "channel must be")]
    [InlineData("2026-05-04T08:00:00.1239Z", "2026-05-04T08:00:00", "startedAt must be an instant")]
    [InlineData("2026-05-04T08:00:00.1239Z", "2026-05-04", "startedAt must be an instant")]
    [InlineData("2026-05-04T10:00:01+02:00", "yesterday", "messages[0].createdOn must be an instant")]
    [InlineData("[{\"type\"", "[1,{\"type\"", "messages[0] must be an object")]
    [InlineData("\"messages\"", "\"Messages\"", "member 6 is unknown")]
    [InlineData("\"rtm\",", "\"rtm\",\"recording\":[],", "member 5 is unknown")]
    [InlineData("\"rtm\",", "\"rtm\",\"cId\":\"u-2\",", "cId is there more than once")]
    [InlineData("\"rtm\",", "\"rtm\",\"logs\":{},", "logs must be an array")]
    [InlineData("héllo", "h\\u0000llo", "messages[0]: it holds the character U+0000")]
    [InlineData("héllo", "h\\ud83dllo", "it holds half a surrogate pair")]
    [InlineData("}]}", "}]", "it is not one JSON object")]
    [InlineData("}]}", "}]}{}", "it is not one JSON object")]
    public void A_line_that_breaks_a_rule_is_refused_by_name_and_not_quoted(string part, string instead, string problem)
    {
        Assert.Contains(part, Line, StringComparison.Ordinal);
        var refusal = Assert.Throws<FormatException>(() => Parse(Line.Replace(part, instead, StringComparison.Ordinal)));
        Assert.StartsWith(problem, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("llo", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("u-1", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>PostgreSQL writes a number out: nine bytes of a line would be 131,072 of the store.</summary>
    [Fact]
    public void The_numbers_of_an_item_are_bounded_as_they_are_written_out()
    {
        string Numbers(int count) => Line.Replace("\"héllo\"", $"[{string.Join(',', Enumerable.Repeat("1e131071", count))}]");
        Assert.Single(Parse(Numbers(256)).Items);
        var refusal = Assert.Throws<FormatException>(() => Parse(Numbers(257)));
        Assert.Equal("messages[0]: its numbers have more than 33,554,432 digits, written out", refusal.Message);
        Assert.Single(Parse(Line.Replace("\"héllo\"", $"[{string.Join(',', Enumerable.Repeat("1e-16383", 2000))}]")).Items);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("nonsense")]
    public void What_is_not_an_object_is_refused(string line) => Assert.Throws<FormatException>(() => Parse(line));

    [Fact]
    public void What_is_not_UTF8_is_refused() =>
        Assert.Equal(
            "it is not UTF-8", Assert.Throws<FormatException>(() => ImportLine.Parse(new byte[] { (byte)'{', 0xFF, (byte)'}' })).Message);

    [Theory]
    [InlineData("h\\\\u0000llo")]
    [InlineData("h\\ud83d\\ude00llo")]
    public void An_escaped_backslash_and_a_whole_surrogate_pair_are_text(string text) =>
        Assert.Single(Parse(Line.Replace("héllo", text, StringComparison.Ordinal)).Items);

    [Fact]
    public void An_id_has_at_most_128_characters()
    {
        Assert.Equal(128, Parse(Line.Replace("c-1", new string('x', 128), StringComparison.Ordinal)).ConversationId.Length);
        Assert.Throws<FormatException>(() => Parse(Line.Replace("c-1", new string('x', 129), StringComparison.Ordinal)));
    }

    private static ImportedConversation Parse(string line) => ImportLine.Parse(Encoding.UTF8.GetBytes(line));
}
