namespace Ledger.SystemTests.Http;

/// <summary>The 413 of contract §5 over a connection, which says a body's length or does not.</summary>
public sealed class BodySizeTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    private const string ById = """{"conversationIds":["69eb0c87ec444445976aaaaa","69eb0b5c7cd98618e06aaaaa"]}""";

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_128_KiB_is_413_and_one_of_128_KiB_is_read(bool chunked)
    {
        var service = await shared.Service;
        foreach (var (size, status) in new[] { (128 * 1024, 202), (128 * 1024 + 1, 413), (1024 * 1024, 413) })
        {
            var request = service.Request(HttpMethod.Post, service.Deletions, ById + new string(' ', size - ById.Length));
            request.Headers.TransferEncodingChunked = chunked;
            if (status == 202)
                (await service.SendAsync(request)).Is(202);
            else
                await service.RefusedAsync(request, 413, 413);
        }
    }
}
