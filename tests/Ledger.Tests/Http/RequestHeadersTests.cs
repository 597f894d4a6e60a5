using Ledger.Web;
using Microsoft.AspNetCore.Http;

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
    public void Json_in_utf8_is_announced(string contentType) =>
        Assert.True(RequestHeaders.AnnounceJson(Request("Content-Type", contentType)));

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
    public void Anything_else_is_not(string? contentType) =>
        Assert.False(RequestHeaders.AnnounceJson(Request("Content-Type", contentType)));

    [Fact]
    public void A_compressed_body_is_not()
    {
        var request = Request("Content-Type", "application/json");
        foreach (var coding in new[] { "gzip", "identity, gzip" })
        {
            request.Headers.ContentEncoding = coding;
            Assert.False(RequestHeaders.AnnounceJson(request));
        }
        request.Headers.ContentEncoding = "Identity";
        Assert.True(RequestHeaders.AnnounceJson(request));
    }

    [Fact]
    public void An_idempotency_key_is_up_to_255_visible_characters()
    {
        Assert.Equal((null, null), RequestHeaders.IdempotencyKey(Request("X", "y").Headers));
        Assert.Equal("!key-~", RequestHeaders.IdempotencyKey(Request("Idempotency-Key", "!key-~").Headers).Key);
        Assert.NotNull(RequestHeaders.IdempotencyKey(Request("idempotency-key", new string('k', 255)).Headers).Key);
        string[][] refused =
        [[""], ["a b"], ["ä"], ["a\u007f"], [new string('k', 256)], ["a", "a"]];
        Assert.All(
            refused,
            values => Assert.Equal(400, RequestHeaders.IdempotencyKey(Request("Idempotency-Key", values).Headers).Refusal?.Status));
    }

    private static HttpRequest Request(string header, params string?[] values)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers[header] = values;
        return request;
    }
}
