using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Api;

namespace Ledger.Tests.Http;

public sealed class CanonicalRequestTests
{
    [Theory]
    [InlineData("""{"conversationIds":["a","b"]}""", """{ "conversationIds" : ["b","\u0061","b"] }""")]
    [InlineData("""{"conversationIds":["a"],"startDate":null}""", """{"conversationIds":["a"],"cId":null}""")]
    [InlineData("""{"conversationIds":["a"],"startDate":"2026-01-01"}""", """{"startDate":"\u0032026-01-01","conversationIds":["a","a"]}""")]
    [InlineData("""{"conversationIds":["a"],"endDate":{"x":[1,{}]}}""", """{"conversationIds":["a"],"endDate": { "x" : [ 1 , { } ] } }""")]
    [InlineData("""{"cId":"u","startDate":"2026-05-01"}""", """{"startDate":"2026-05-01","endDate":null,"cId":"u"}""")]
    public void The_same_request_written_differently_is_the_same(string one, string other) =>
        Assert.Equal(Canonical(one), Canonical(other));

    [Theory]
    [InlineData("""{"conversationIds":["ab"]}""", """{"conversationIds":["a","b"]}""")]
    [InlineData("""{"conversationIds":["u"]}""", """{"cId":"u"}""")]
    [InlineData("""{"cId":"u","startDate":"2026-05-01"}""", """{"cId":"u","endDate":"2026-05-01"}""")]
    [InlineData("""{"cId":"u"}""", """{"cId":"u","endDate":"2026-05-08"}""")]
    [InlineData("""{"cId":"u","endDate":"2026-05-08T00:00:00Z"}""", """{"cId":"u","endDate":"2026-05-08T00:00:00.000Z"}""")]
    [InlineData("""{"conversationIds":["a"]}""", """{"conversationIds":["a"],"startDate":"2026-01-01"}""")]
    [InlineData("""{"conversationIds":["a"],"startDate":"2026-01-01"}""", """{"conversationIds":["a"],"startDate":"2026-01-02"}""")]
    [InlineData("""{"conversationIds":["a"],"startDate":"2026-01-01"}""", """{"conversationIds":["a"],"endDate":"2026-01-01"}""")]
    [InlineData("""{"conversationIds":["a"],"startDate":"17"}""", """{"conversationIds":["a"],"startDate":17}""")]
    [InlineData("""{"conversationIds":["a"],"startDate":[1,2]}""", """{"conversationIds":["a"],"startDate":[12]}""")]
    [InlineData("""{"conversationIds":["a"],"startDate":[[],1]}""", """{"conversationIds":["a"],"startDate":[[1]]}""")]
    [InlineData("""{"conversationIds":["a"],"startDate":["1","2"]}""", """{"conversationIds":["a"],"startDate":["1\" \"2"]}""")]
    [InlineData("""{"conversationIds":["a"],"startDate":"\ud800"}""", """{"conversationIds":["a"],"startDate":"\ud801"}""")]
    [InlineData("""{"conversationIds":["A"]}""", """{"conversationIds":["a"]}""")]
    [InlineData("""{"conversationIds":["\u00e9"]}""", """{"conversationIds":["e\u0301"]}""")]
    public void Another_request_is_another(string one, string other) => Assert.NotEqual(Canonical(one), Canonical(other));

    [Fact]
    public void A_request_without_an_end_is_the_same_tomorrow() =>
        Assert.Equal(Canonical("""{"cId":"u"}"""), Canonical("""{"cId":"u"}""", s_now.AddDays(1)));

    [Fact]
    public void Two_sets_of_ids_are_equal_exactly_if_their_canonical_forms_are() => Prop.ForAll<string[], string[]>((a, b) =>
    {
        var (one, other) = (WellFormed(a), WellFormed(b));
        var same = Canonical(one).SequenceEqual(Canonical(other));
        return same == one.ToHashSet(StringComparer.Ordinal).SetEquals(other);
    }).QuickCheckThrowOnFailure();

    private static readonly DateTimeOffset s_now = new(2026, 5, 8, 6, 22, 56, TimeSpan.Zero);

    private static List<string> WellFormed(string[] texts) =>
        [.. texts.Where(text => text is not null && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text)];

    private static byte[] Canonical(IEnumerable<string> ids) =>
        CanonicalRequest.ByConversationIds(CanonicalRequest.AsSet(ids), startDate: null, endDate: null);

    private static byte[] Canonical(string body, DateTimeOffset? now = null) =>
        Assert.IsType<ParsedBody.Valid>(DeletionRequestParser.Parse(Encoding.UTF8.GetBytes(body), now ?? s_now)).Canonical;
}
