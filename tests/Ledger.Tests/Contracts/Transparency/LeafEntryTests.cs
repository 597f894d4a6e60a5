using System.Text;
using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>An entry is one text: what an event's row gives, and nothing else.</summary>
public sealed class LeafEntryTests
{
    private static readonly DateTimeOffset s_at = new(2026, 5, 8, 6, 22, 56, 97, TimeSpan.Zero);

    [Fact]
    public void An_event_is_encoded_canonically()
    {
        var entry = LeafEntry.Encode(
            "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a0000",
            3,
            "conversation_deleted",
            s_at.ToOffset(TimeSpan.FromHours(2)).AddTicks(9_999),
            """{ "ordinal": 0, "commitment": "+A==" }"""u8
        );
        const string Expected =
            """{"at":"2026-05-08T06:22:56.097Z","data":{"commitment":"+A==","ordinal":0},"stream":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a0000","type":"conversation_deleted","v":1,"version":3}""";
        Assert.Equal(Expected, Encoding.UTF8.GetString(entry));
        var read = LeafEntry.Parse(entry);
        Assert.Equal(
            ("cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a0000", 3, "conversation_deleted", s_at), (read.Stream, read.Version, read.Type, read.At));
        Assert.Equal("""{"commitment":"+A==","ordinal":0}""", Encoding.UTF8.GetString(read.Data.Span));
    }

    [Fact]
    public void An_entry_has_at_most_65535_bytes()
    {
        var room = LeafEntry.MaxBytes - Entry("").Length;
        var largest = Entry(new string('x', room));
        Assert.Equal(65_535, largest.Length);
        Assert.Equal(65_535, LeafEntry.Parse(largest).Data.Length + largest.Length - "{\"x\":\"\"}".Length - room);
        Assert.Throws<FormatException>(() => Entry(new string('x', room + 1)));
        Assert.Throws<FormatException>(() => LeafEntry.Parse(new byte[65_536]));

        static byte[] Entry(string text) => LeafEntry.Encode("s", 1, "t", s_at, Encoding.UTF8.GetBytes($$"""{"x":"{{text}}"}"""));
    }

    [Fact]
    public void A_version_is_from_1_and_below_2_to_the_53()
    {
        Assert.Equal(Jcs.MaxInteger, LeafEntry.Parse(LeafEntry.Encode("s", Jcs.MaxInteger, "t", s_at, "{}"u8)).Version);
        Assert.Throws<FormatException>(() => LeafEntry.Encode("s", Jcs.MaxInteger + 1, "t", s_at, "{}"u8));
        Assert.Throws<FormatException>(() => LeafEntry.Encode("s", 0, "t", s_at, "{}"u8));
    }

    [Theory]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":"s","type":"t","v":2,"version":1}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":"s","type":"t","v":1,"version":0}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":"s","type":"t","v":1,"version":9007199254740992}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":"s","type":"t","v":1,"version":1.0}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56Z","data":{},"stream":"s","type":"t","v":1,"version":1}""")]
    [InlineData("""{"at":"2026-05-08T08:22:56.097+02:00","data":{},"stream":"s","type":"t","v":1,"version":1}""")]
    [InlineData("""{"at":"2026-02-30T06:22:56.097Z","data":{},"stream":"s","type":"t","v":1,"version":1}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":"s","type":"t","v":1,"version":1,"x":1}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":"s","type":"t","v":1}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":"s","type":"t","v":1,"v":1,"version":1}""")]
    [InlineData("""{"data":{},"at":"2026-05-08T06:22:56.097Z","stream":"s","type":"t","v":1,"version":1}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{"b":1,"a":1},"stream":"s","type":"t","v":1,"version":1}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":"\u0073","type":"t","v":1,"version":1}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":null,"type":"t","v":1,"version":1}""")]
    [InlineData("""{"at":null,"data":{},"stream":"s","type":"t","v":1,"version":1}""")]
    [InlineData("""{"at":"2026-05-08T06:22:56.097Z","data":{},"stream":"s","type":"t","v":1,"version":1} """)]
    [InlineData("[]")]
    [InlineData("")]
    public void Other_texts_are_no_entries(string entry) =>
        Assert.Throws<FormatException>(() => LeafEntry.Parse(Encoding.UTF8.GetBytes(entry)));
}
