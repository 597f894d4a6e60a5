using System.Net;
using System.Net.Http.Headers;

namespace Ledger.SystemTests.Browser;

public sealed class AssetsTests(SharedService shared) : IClassFixture<SharedService>
{
    [Fact]
    public async Task An_asset_is_served_with_its_type_and_is_not_sent_again_while_it_is_the_same()
    {
        await using var service = await shared.WithOwnBotAsync();
        using var first = await service.Client.GetAsync(new Uri("/assets/site.css", UriKind.Relative));
        Assert.Equal("text/css", first.Content.Headers.ContentType!.MediaType);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/assets/site.css");
        again.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(first.Headers.ETag!.Tag));
        Assert.Equal(HttpStatusCode.NotModified, (await service.Client.SendAsync(again)).StatusCode);
    }

    [SkippableFact]
    public async Task Chromium_opens_what_the_service_serves()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        await using var service = await shared.WithOwnBotAsync();
        var page = await Chromium.OpenAsync(service.Client.BaseAddress!);
        Assert.Equal(200, (await page.GotoAsync("/assets/site.css"))!.Status);
        await page.Context.CloseAsync();
    }
}
