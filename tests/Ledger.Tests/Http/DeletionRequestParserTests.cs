using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Api;
using Ledger.Jobs;

namespace Ledger.Tests.Http;

/// <summary>Contract §1, sentence by sentence.</summary>
public sealed class DeletionRequestParserTests
{
    private static readonly DateTimeOffset s_now = new(2026, 5, 8, 6, 22, 56, TimeSpan.Zero);

    [Fact]
    public void The_published_sample_by_ids_is_valid()
    {
        var request = Assert.IsType<DeletionRequest.ByConversationIds>(
            Valid("""{"conversationIds": ["69eb0c87ec444445976aaaaa",   "69eb0b5c7cd98618e06aaaaa" ] }""").Request
        );
        Assert.Equal(["69eb0b5c7cd98618e06aaaaa", "69eb0c87ec444445976aaaaa"], request.ConversationIds);
    }

    [Fact]
    public void The_published_sample_by_channel_user_is_valid()
    {
        var request = Assert.IsType<DeletionRequest.ByChannelUser>(
            Valid(
                """{"cId":"u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa","startDate":"2026-05-04T00:00:00.000Z","endDate":"2026-05-04T23:59:59.999Z"}"""
            ).Request
        );
        Assert.Equal("u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa", request.CId);
        Assert.Equal(new DateTimeOffset(2026, 5, 4, 0, 0, 0, TimeSpan.Zero), request.From);
        Assert.Equal(new DateTimeOffset(2026, 5, 4, 23, 59, 59, 999, TimeSpan.Zero), request.To);
    }

    [Fact]
    public void Omitted_dates_are_an_open_start_and_the_end_of_today()
    {
        var request = Assert.IsType<DeletionRequest.ByChannelUser>(Valid("""{"cId":"u-1"}""").Request);
        Assert.Null(request.From);
        Assert.Equal(new DateTimeOffset(2026, 5, 8, 23, 59, 59, 999, TimeSpan.Zero), request.To);
    }

    [Fact]
    public void A_hundred_ids_are_allowed_and_duplicates_are_dropped()
    {
        var request = Assert.IsType<DeletionRequest.ByConversationIds>(
            Valid(Ids(Enumerable.Range(0, 100).Select(i => $"c{i % 50}"))).Request);
        Assert.Equal(50, request.ConversationIds.Count);
    }

    [Fact]
    public void Ids_are_sorted_by_their_utf8_bytes()
    {
        // As UTF-16 code units the surrogate pair (D83D…) would come before U+FFFD; as UTF-8 bytes (F0…) it comes after (EF…).
        var request = Assert.IsType<DeletionRequest.ByConversationIds>(
            Valid("""{"conversationIds":["\ud83d\ude00","\ufffd","b","a"]}""").Request
        );
        Assert.Equal(["a", "b", "\ufffd", "\U0001F600"], request.ConversationIds);
    }

    [Theory]
    [InlineData("""{"conversationIds":["c"],"startDate":"nonsense","endDate":17}""")]
    [InlineData("""{"conversationIds":["c"],"startDate":{"a":[1,{"b":null}]},"endDate":["\ud800"]}""")]
    [InlineData("""{"startDate":"2999-01-01","conversationIds":["c"],"endDate":false}""")]
    public void With_conversation_ids_dates_are_not_even_parsed(string body) => Valid(body);

    [Theory]
    [InlineData("""{"conversationIds":["c"],"cId":null,"startDate":null}""")]
    [InlineData("""{"cId":"u","conversationIds":null,"startDate":null,"endDate":null}""")]
    public void Null_means_absent(string body) => Valid(body);

    [Theory]
    [InlineData("", "the body is empty")]
    [InlineData("   ", "not valid JSON")]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{"cId":"u"} x""", "not valid JSON")]
    [InlineData("""{"cId":"u"}{}""", "not valid JSON")]
    [InlineData("""{"cId":"u",}""", "not valid JSON")]
    [InlineData("""{"cId":"u"/**/}""", "not valid JSON")]
    [InlineData("""{'cId':'u'}""", "not valid JSON")]
    [InlineData("\uFEFF{\"cId\":\"u\"}", "byte order mark")]
    [InlineData("null", "must be a JSON object")]
    [InlineData("""["cId"]""", "must be a JSON object")]
    [InlineData("\"cId\"", "must be a JSON object")]
    [InlineData("{}", "conversationIds or cId is required")]
    [InlineData("""{"cId":null}""", "conversationIds or cId is required")]
    [InlineData("""{"startDate":"2026-05-01"}""", "conversationIds or cId is required")]
    [InlineData("""{"cId":"u","conversationIds":["c"]}""", "exclude each other")]
    [InlineData("""{"cId":"u","enddate":"2026-05-01"}""", "member 2 is endDate in another letter case")]
    [InlineData("""{"CID":"u","cId":"u"}""", "member 1 is cId in another letter case")]
    [InlineData("""{"cId":"u","limit":5}""", "member 2 is unknown (limit): only conversationIds")]
    [InlineData("""{"conversationIds":["c"],"\ud800":1}""", "member 2 is unknown: only")]
    [InlineData("""{"cId":"u","u-1":1}""", "member 2 is unknown: only")]
    [InlineData("""{"cId":"u","abcdefghijklmnopqrstuvwxyzabcdefg":1}""", "member 2 is unknown: only")]
    [InlineData("""{"cId":"u","cId":"u"}""", "cId is there more than once")]
    [InlineData("""{"cId":"u","startDate":null,"startDate":"2026-05-01"}""", "startDate is there more than once")]
    [InlineData("""{"conversationIds":["c"],"endDate":1,"endDate":2}""", "endDate is there more than once")]
    [InlineData("""{"cId":"u","\u0063Id":"u"}""", "cId is there more than once")]
    [InlineData("""{"conversationIds":[]}""", "conversationIds is empty")]
    [InlineData("""{"conversationIds":"c"}""", "conversationIds must be a list")]
    [InlineData("""{"conversationIds":{"0":"c"}}""", "conversationIds must be a list")]
    [InlineData("""{"conversationIds":["a",1]}""", "conversationIds[1] must be a non-blank string")]
    [InlineData("""{"conversationIds":[null]}""", "conversationIds[0] must be a non-blank string")]
    [InlineData("""{"conversationIds":[["a"]]}""", "conversationIds[0] must be a non-blank string")]
    [InlineData("""{"conversationIds":["\ud800"]}""", "conversationIds[0] must be a non-blank string")]
    [InlineData("""{"conversationIds":["\udc00\ud800"]}""", "conversationIds[0] must be a non-blank string")]
    [InlineData("""{"cId":7}""", "cId must be a non-blank string")]
    [InlineData("""{"cId":""}""", "cId must be a non-blank string")]
    [InlineData("""{"cId":" \u00a0 "}""", "cId must be a non-blank string")]
    [InlineData("""{"cId":"a\u0000b"}""", "cId must be a non-blank string")]
    [InlineData("""{"cId":"a\nb"}""", "cId must be a non-blank string")]
    [InlineData("""{"cId":"a\u0085b"}""", "cId must be a non-blank string")]
    [InlineData("""{"cId":"\ufeffa"}""", "cId must be a non-blank string")]
    [InlineData("""{"cId":"a\ufeff"}""", "cId must be a non-blank string")]
    [InlineData("""{"conversationIds":["a "]}""", "conversationIds[0] must be a non-blank string")]
    [InlineData("""{"conversationIds":["a","\u3000a"]}""", "conversationIds[1] must be a non-blank string")]
    [InlineData("""{"conversationIds":["a\ufeffb"]}""", "conversationIds[0] must be a non-blank string")]
    [InlineData("""{"cId":"u","startDate":5}""", "startDate must be a date")]
    [InlineData("""{"cId":"u","endDate":"\ud800"}""", "endDate must be a date")]
    [InlineData("""{"cId":"u","startDate":""}""", "startDate must be a date")]
    [InlineData("""{"cId":"u","startDate":"2026-05-02","endDate":"2026-05-01"}""", "startDate must not be after endDate")]
    [InlineData("""{"cId":"u","startDate":"2026-05-09"}""", "startDate must not be after today")]
    [InlineData("""{"cId":"u","endDate":"2026-05-09"}""", "endDate must not be in the future")]
    [InlineData("""{"cId":"u","endDate":"2026-05-08T23:59:59-01:00"}""", "endDate must not be in the future")]
    public void Each_broken_rule_is_named(string body, string problem) =>
        Assert.Contains(problem, Assert.Single(Problems(body)), StringComparison.Ordinal);

    [Fact]
    public void The_rest_of_today_is_not_the_future() => Valid("""{"cId":"u","endDate":"2026-05-08T23:59:59.999Z"}""");

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void An_identifier_has_at_most_128_characters(int length, bool isValid)
    {
        Assert.Equal(isValid, Parse($$"""{"cId":"{{new string('x', length)}}"}""") is ParsedBody.Valid);
        Assert.Equal(isValid, Parse(Ids([new string('x', length)])) is ParsedBody.Valid);
        // As the API's document counts: code points.
        Assert.Equal(isValid, Parse(Ids([string.Concat(Enumerable.Repeat("😀", length))])) is ParsedBody.Valid);
    }

    [Fact]
    public void Ids_are_counted_before_duplicates_are_dropped() =>
        Assert.Contains(
            "conversationIds has 101 items", Assert.Single(Problems(Ids(Enumerable.Repeat("same", 101)))), StringComparison.Ordinal);

    [Fact]
    public void Every_problem_gets_an_entry_of_its_own()
    {
        var problems = Problems("""{"cId":5,"startDate":"x","endDate":"y","more":1}""");
        Assert.Equal(4, problems.Count);
        Assert.All(
            ["cId", "startDate", "endDate", "member 4"],
            named => Assert.Contains(problems, problem => problem.StartsWith(named, StringComparison.Ordinal)));
    }

    [Fact]
    public void Nothing_but_mistakes_has_a_bounded_answer()
    {
        var body = "{" + string.Join(',', Enumerable.Repeat("\"a\":1", 20_000)) + "}";
        var problems = Problems(body);
        Assert.Equal(11, problems.Count);
        // All but the first are unknown, and nothing was asked for.
        Assert.Equal("and 19,991 more: mend these first", problems[^1]);
    }

    [Fact]
    public void Deep_nesting_is_a_problem_like_any_other()
    {
        const int depth = 60_000;
        var body = $$"""{"cId":"u","x":{{new string('[', depth)}}{{new string(']', depth)}}}""";
        Assert.Contains("member 2 is unknown", Assert.Single(Problems(body)), StringComparison.Ordinal);
        Assert.Contains("not valid JSON", Assert.Single(Problems(new string('[', 2 * depth))), StringComparison.Ordinal);
    }

    [Fact]
    public void Invalid_utf8_is_named()
    {
        byte[] body = [.. "{\"cId\":\"u"u8, 0xFF, .. "\"}"u8];
        Assert.Equal(["the body is not UTF-8"], Assert.IsType<ParsedBody.Invalid>(DeletionRequestParser.Parse(body, s_now)).Problems);
    }

    [Fact]
    public void Problems_never_quote_the_body()
    {
        const string secret = "s3cr3t";
        string[] bodies =
        [
            """{"cId":"s3cr3t\u0000","startDate":"s3cr3t","endDate":"s3cr3t","s3cr3t":"s3cr3t"}""",
            """{"conversationIds":["s3cr3t\n",{"s3cr3t":1}],"cId":"s3cr3t"}""",
            """{"cId":"s3cr3t"s3cr3t""",
            """{"cId":s3cr3t}""",
            """["s3cr3t"]""",
        ];
        Assert.All(bodies, body => Assert.DoesNotContain(secret, string.Join('\n', Problems(body)), StringComparison.Ordinal));
    }

    [Fact]
    public void Whatever_the_bytes_are_there_is_a_request_or_a_problem() =>
        Prop.ForAll<byte[]>(bytes => IsJudged(bytes)).Check(s_many);

    [Fact]
    public void Whatever_the_json_is_there_is_a_request_or_a_problem() =>
        Prop.ForAll(s_almostRequests.ToArbitrary(), text => IsJudged(Encoding.UTF8.GetBytes(text))).Check(s_many);

    [Fact]
    public void A_valid_request_cut_short_is_never_valid()
    {
        var body = """{"cId":"u","startDate":"2026-05-01","endDate":"2026-05-02"}"""u8.ToArray();
        for (var length = 0; length < body.Length; length++)
            Assert.IsType<ParsedBody.Invalid>(DeletionRequestParser.Parse(body.AsSpan(0, length), s_now));
    }

    private static readonly Config s_many = Config.QuickThrowOnFailure.WithMaxTest(3000).WithQuietOnSuccess(true);

    /// <summary>Objects out of the right words in the wrong places.</summary>
    private static readonly Gen<string> s_almostRequests =
        from members in Gen.ListOf(
            from name in Gen.Elements("conversationIds", "cId", "startDate", "endDate", "enddate", "CID", "\\ud800", "x")
            from value in Gen.Elements(
                "null", "\"u\"", "\"\\ud800\"", "[]", "[\"a\"]", "[1,null]", "{}", "{\"cId\":1}", "\"2026-05-01\"",
                "\"0001-01-01T00:00:00+14:00\"", "1e999", "tru")
            select $"\"{name}\":{value}"
        )
        from tail in Gen.Elements("}", "}", "}", "", "}}", "} ", "},")
        select "{" + string.Join(',', members) + tail;

    private static bool IsJudged(byte[] body) => DeletionRequestParser.Parse(body, s_now) switch
    {
        ParsedBody.Invalid invalid => invalid.Problems.Count > 0 && invalid.Problems.All(problem => problem.Length > 0),
        ParsedBody.Valid { Request: DeletionRequest.ByConversationIds ids } => ids.ConversationIds.Count is >= 1 and <= 100,
        ParsedBody.Valid { Request: DeletionRequest.ByChannelUser user } => user.CId.Length > 0 && !(user.From > user.To),
        _ => false,
    };

    private static string Ids(IEnumerable<string> ids) => $$"""{"conversationIds":[{{string.Join(',', ids.Select(id => $"\"{id}\""))}}]}""";

    private static ParsedBody Parse(string body) => DeletionRequestParser.Parse(Encoding.UTF8.GetBytes(body), s_now);

    private static ParsedBody.Valid Valid(string body) => Assert.IsType<ParsedBody.Valid>(Parse(body));

    private static IReadOnlyList<string> Problems(string body) => Assert.IsType<ParsedBody.Invalid>(Parse(body)).Problems;
}
