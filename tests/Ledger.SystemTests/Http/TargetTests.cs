using System.Net.Sockets;
using System.Text;
using Ledger.Contracts.Registry;

namespace Ledger.SystemTests.Http;

/// <summary>Requests byte by byte: what HTTP's grammar allows, and what it does not.</summary>
public sealed class TargetTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    [SkippableFact]
    public async Task A_target_names_the_same_bot_in_each_of_its_forms()
    {
        var service = await shared.Service;
        var authority = service.Client.BaseAddress!.Authority;
        foreach (var bot in new[] { service.Bot, "50%", "a%2Fb", "..%2F", "юзер", "a\\..\\b" })
        {
            if (bot != service.Bot)
                await service.Node.AddBotAsync(bot);
            await service.GrantAsync(bot, ApiService.ClientWith(Scope.DeleteConversations), Scope.DeleteConversations);
            var path = $"{ApiService.DeletionsOf(bot)}?limit=1";
            foreach (var target in new[]
            {
                path, $"http://{authority}{path}", $"/x/..{path}", $"/api/public/bot/st-other/%2E%2E/{path["/api/public/bot/".Length..]}",
                $"http://{authority}/api/./public/bot/st-other/../{path["/api/public/bot/".Length..]}",
            })
                Assert.Equal((bot, target, "200"), (bot, target, await GetAsync(service, target)));
            // One segment less or more is another path, whatever its characters are.
            var another = ApiService.DeletionsOf(bot).Replace("/delete", "%2Fdelete", StringComparison.Ordinal);
            Assert.Equal("404", await GetAsync(service, $"http://{authority}{another}"));
        }
        foreach (var odd in new[] { service.Deletions.Replace("/conversations", "\\conversations"), $"{service.Deletions}#x" })
        {
            foreach (var target in new[] { odd, $"http://{authority}{odd}" })
                Assert.Equal((target, "404"), (target, await GetAsync(service, target)));
        }
        Assert.Equal("200", await GetAsync(service, $"http://{authority}/health/live"));
        Assert.Equal("302", await GetAsync(service, $"http://{authority}?x=%2F")); // the path is /, and leads to the sign-in
        Assert.Equal(("400", "400"), (await GetAsync(service, "/%00%25"), await GetAsync(service, $"http://{authority}/%00%25")));
    }

    [SkippableFact]
    public async Task A_content_length_is_digits_and_nothing_else()
    {
        var service = await shared.Service;
        const string body = """{"conversationIds":["c-28-x"]}""";
        foreach (var (length, status) in new[]
        {
            ($"{body.Length}", "202"), ($"0{body.Length}", "202"),
            ($"+{body.Length}", "400"), ($"-{body.Length}", "400"), ($"{body.Length}.0", "400"), ($"{body.Length}, {body.Length}", "400"),
            ("0x1E", "400"), ("1,5", "400"), ("", "400"), ("99999999999999999999", "400"), ("3 0", "400"), ("\u0663", "400"),
        })
        {
            var head = $"POST {service.Deletions} HTTP/1.1\r\nHost: {service.Client.BaseAddress!.Authority}\r\nConnection: close\r\n"
                + $"auth: {service.Token(Scope.DeleteConversations)}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n";
            Assert.Equal((length, status), (length, await SendAsync(service, head + body)));
        }
    }

    private static Task<string> GetAsync(ApiService service, string target) => SendAsync(
        service,
        $"GET {target} HTTP/1.1\r\nHost: {service.Client.BaseAddress!.Authority}\r\nConnection: close\r\n"
        + $"auth: {service.Token(Scope.DeleteConversations)}\r\n\r\n");

    /// <summary>The answer's status.</summary>
    private static async Task<string> SendAsync(ApiService service, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(service.Client.BaseAddress!.Host, service.Client.BaseAddress.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return (await reader.ReadLineAsync())?.Split(' ')[1] ?? "";
    }
}
