using System.Net;
using Ledger.Contracts.Registry;

namespace Ledger.SystemTests.Http;

/// <summary>HEAD over a connection, where a body that came would be taken for the next answer.</summary>
public sealed class HeadTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    [SkippableFact]
    public async Task On_a_connection_head_has_no_body_and_the_next_request_is_answered()
    {
        var service = await shared.Service;
        var job = (await service.SubmitAsync("""{"cId":"nobody"}""")).Header("Location")!;
        var auditor = service.Token(Scope.LedgerAudit);
        foreach (var (path, token) in new[]
        {
            (job, null), (service.Deletions, null), ($"{job}/outcomes", auditor), ($"{job}/events", auditor), ("/health/ready", null),
            ("/openapi/v1.json", null), ("/verify", null), ($"{job}/nothing", null), ($"{job}/proof", null), ("/docs/index.html", null),
        })
        {
            var get = await service.GetAsync(path, token);
            var request = service.Request(HttpMethod.Head, path);
            if (token is not null)
                request = new HttpRequestMessage(HttpMethod.Head, path) { Headers = { { "auth", token } } };
            var head = await service.SendAsync(request);
            Assert.Equal((path, get.Status, ""), (path, head.Status, head.Body));
            Assert.Equal((path, get.Header("ETag")), (path, head.Header("ETag")));
            Assert.Equal(get.Response.Content.Headers.ContentType, head.Response.Content.Headers.ContentType);
            if (get.Response.Headers.TransferEncodingChunked != true && get.Header("Content-Length") is { } length)
                Assert.Equal((path, length), (path, head.Header("Content-Length")));
        }
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync(job)).Status);
    }
}
