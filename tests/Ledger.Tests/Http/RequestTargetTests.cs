using Ledger.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Tests.Http;

/// <summary>The path that a target names, in each of its forms.</summary>
public sealed class RequestTargetTests
{
    [Theory]
    [InlineData("st-1", "st-1")]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%2fb", "a/b")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("a%25252Fb", "a%252Fb")]
    [InlineData("50%25", "50%")]
    [InlineData("50%", "50%")]
    [InlineData("%25%2F%20%C3%A9", "%/ é")]
    [InlineData("a%5C..%5Cb", "a\\..\\b")]
    [InlineData("..%2F", "../")]
    [InlineData("x/%2E%2E/a%2Fb", "a/b")]
    [InlineData("./a%2Fb", "a/b")]
    public async Task A_bot_id_is_decoded_once(string sent, string bot)
    {
        foreach (var before in new[] { "", "http://ledger.example", "https://[::1]:8080" })
        {
            foreach (var query in new[] { "", "?x=/1/2/3", "?x=%25&y=http://a/b%2Fc" })
            {
                var context = new DefaultHttpContext();
                context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = $"{before}/bot/{sent}/delete{query}";
                context.Request.Path = $"/bot/{sent}/delete"; // right where nothing is encoded
                await RequestTarget.InvokeAsync(context, _ => Task.CompletedTask);
                var segments = context.Request.Path.Value!.Split('/');
                Assert.Equal(("bot", "delete", 4), (segments[1], segments[3], segments.Length));
                context.Request.RouteValues["botId"] = segments[2];
                Assert.Equal(bot, BotPath.BotId(context));
            }
        }
    }

    [Theory]
    [InlineData("/%41/..", "/")]
    [InlineData("/a/%2E", "/a/")]
    [InlineData("/../../%41", "/A")]
    [InlineData("/a//%41/", "/a//A/")]
    public void Dot_segments_go_and_empty_ones_stay(string path, string expected) =>
        Assert.Equal(expected, RequestTarget.Decode(path).Value);

    [Theory]
    [InlineData("*")]
    [InlineData("ledger.example:443")]
    [InlineData("http://ledger.example")]
    [InlineData("http://ledger.example?x=%2F/y")]
    public async Task A_target_without_a_path_is_left_alone(string target)
    {
        var context = new DefaultHttpContext { Request = { Path = "/as-it-was" } };
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        await RequestTarget.InvokeAsync(context, _ => Task.CompletedTask);
        Assert.Equal("/as-it-was", context.Request.Path);
    }
}
