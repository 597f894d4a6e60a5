using Ledger.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Tests.Http;

public sealed class RequestHeadersTests
{
    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json;charset=UTF-8")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON ; Charset=\"UTF-8\"")]
    [InlineData("application/json; charset=utf8")]
    [InlineData("application/json; v=1; charset=Utf-8")]
    public void Json_in_utf8_is_announced(string contentType) => Assert.True(RequestHeaders.AnnounceJson(Request("Content-Type", contentType)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("text/json")]
    [InlineData("text/plain")]
    [InlineData("application/json-patch+json")]
    [InlineData("application/*")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json; charset=utf-8; charset=latin1")]
    [InlineData("application/json; charset=")]
    [InlineData("application/json, application/json")]
    [InlineData("application/x-www-form-urlencoded")]
    public void Anything_else_is_not(string? contentType) => Assert.False(RequestHeaders.AnnounceJson(Request("Content-Type", contentType)));

    [Fact]
    public void A_compressed_body_is_not()
    {
        var request = Request("Content-Type", "application/json");
        request.Headers.ContentEncoding = "gzip";
        Assert.False(RequestHeaders.AnnounceJson(request));
    }

    [Fact]
    public void An_idempotency_key_is_up_to_255_visible_characters()
    {
        Assert.Equal((null, null), RequestHeaders.IdempotencyKey(Request("X", "y").Headers));
        Assert.Equal("!key-~", RequestHeaders.IdempotencyKey(Request("Idempotency-Key", "!key-~").Headers).Key);
        Assert.NotNull(RequestHeaders.IdempotencyKey(Request("idempotency-key", new string('k', 255)).Headers).Key);
        string[][] refused = [[""], ["a b"], ["ä"], ["a\u007f"], [new string('k', 256)], ["a", "a"]];
        Assert.All(refused, values => Assert.Equal(400, RequestHeaders.IdempotencyKey(Request("Idempotency-Key", values).Headers).Refusal?.Status));
    }

    [Theory]
    [InlineData("/api/public/bot/st-1/conversations/delete", "st-1", "st-1")]
    [InlineData("/api/public/bot/a%2Fb/conversations/delete", "a%2Fb", "a/b")]
    [InlineData("/api/public/bot/a%252Fb/conversations/delete", "a%2Fb", "a%2Fb")]
    [InlineData("/api/public/bot/a%2fb/conversations/delete?x=/1/2/3", "a%2fb", "a/b")]
    [InlineData("/api/public/bot/50%25/conversations/delete", "50%", "50%")]
    public void A_bot_id_is_decoded_once(string target, string routed, string bot)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        context.Request.RouteValues["botId"] = routed;
        Assert.Equal(bot, BotPath.BotId(context));
    }

    private static HttpRequest Request(string header, params string?[] values)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers[header] = values;
        return request;
    }
}
