using Ledger.Contracts;

namespace Ledger.Tests.Contracts;

public sealed class LimitsTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData(" a ", true)]
    [InlineData("юзер 😀", true)]
    [InlineData("", false)]
    [InlineData(" ", false)]
    [InlineData("\u00a0\u2003", false)]
    [InlineData("a\n", false)]
    [InlineData("a\0", false)]
    [InlineData("a\u0085", false)]
    public void An_identifier_is_not_blank_and_has_no_control_characters(string text, bool expected) =>
        Assert.Equal(expected, Limits.IsIdentifier(text));

    [Fact] // no theory: a test's name cannot hold half a character
    public void An_identifier_has_no_half_characters() =>
        Assert.All(["a\ud83d", "\ude00a", "\ude00\ud83d", "\ud83d\ud83d\ude00"], text => Assert.False(Limits.IsIdentifier(text)));

    [Fact]
    public void An_identifier_has_at_most_128_characters()
    {
        Assert.True(Limits.IsIdentifier(new string('x', 128)));
        Assert.False(Limits.IsIdentifier(new string('x', 129)));
        // Characters are code points, as JSON Schema and PostgreSQL count them.
        Assert.True(Limits.IsIdentifier(Emoji(128)));
        Assert.False(Limits.IsIdentifier(Emoji(129)));
    }

    private static string Emoji(int count) => string.Concat(Enumerable.Repeat("😀", count));

    [Fact]
    public void An_instant_is_written_in_UTC_with_milliseconds_and_cut_to_them()
    {
        var instant = new DateTimeOffset(2026, 5, 8, 8, 22, 56, 97, TimeSpan.FromHours(2)).AddTicks(9_999);
        Assert.Equal("2026-05-08T06:22:56.097Z", Instant.Text(instant));
        Assert.Equal(new DateTimeOffset(2026, 5, 8, 6, 22, 56, 97, TimeSpan.Zero), Instant.Truncate(instant));
        Assert.Equal(TimeSpan.Zero, Instant.Truncate(instant).Offset);
        Assert.Equal("0001-01-01T00:00:00.000Z", Instant.Text(DateTimeOffset.MinValue));
    }
}
