using System.Net;
using Ledger.SystemTests.ChangeLogs;
using Ledger.SystemTests.Rebuilding;

namespace Ledger.SystemTests.Http;

/// <summary>A validator changes whenever the content does (RFC 9110 §8.8.3), also where a rebuild put the content right.</summary>
public sealed class ValidatorTests
{
    [SkippableFact]
    public async Task Whoever_holds_a_wrong_document_is_sent_the_right_one()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { cId = "nobody" });
        await service.RunSlicesAsync();
        var path = $"{service.Deletions}/{job}";
        var right = (await service.AskAsync(path)).Is(200);
        await service.ExecuteAsync("update ledger.mt_doc_jobstatus set data = jsonb_set(data, '{result,deletedCount}', '7')");

        var wrong = (await service.AskAsync(path)).Is(200);
        Assert.NotEqual(right.Body, wrong.Body);
        using var stream = await ProgressStream.OpenAsync(service, job);
        await stream.NextAsync();
        Assert.Equal(wrong.Body, stream.LastData);
        Assert.Equal(1, (await service.RebuildAsync()).Wrong);

        var now = await AskAsync(service, path, wrong.Header("ETag")!);
        Assert.Equal((HttpStatusCode.OK, right.Body, right.Header("ETag")), (now.Status, now.Body, now.Header("ETag")));
        (await AskAsync(service, path, right.Header("ETag")!)).Is(304);
        using var again = await ProgressStream.OpenAsync(service, job, lastEventId: stream.LastId);
        Assert.Equal(HttpStatusCode.OK, again.Response.StatusCode);
        await again.NextAsync();
        Assert.Equal(right.Body, again.LastData);
        using var done = await ProgressStream.OpenAsync(service, job, lastEventId: again.LastId);
        Assert.Equal(HttpStatusCode.NoContent, done.Response.StatusCode);
    }

    private static async Task<Answer> AskAsync(TestService service, string path, string known)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("auth", service.Token());
        request.Headers.Add("If-None-Match", known);
        using var response = await service.Client.SendAsync(request);
        return await Answer.OfAsync(response);
    }
}
