using System.Net;

namespace Ledger.SystemTests.Browser;

/// <summary>A browser without scripts and without eyes: cookies, forms, and what a browser says of where a request comes from.</summary>
internal sealed class Person : IDisposable
{
    private readonly HttpClient _client;

    public Person(TestService service) =>
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies })
        {
            BaseAddress = service.Client.BaseAddress,
        };

    public CookieContainer Cookies { get; } = new();

    public string? Session => Cookies.GetCookies(_client.BaseAddress!)["ledger-session"]?.Value;

    public void Dispose() => _client.Dispose();

    public async Task<HttpResponseMessage> SignInAsync(string token, string? next = null) =>
        await PostAsync("/login", new() { ["token"] = token, ["next"] = next ?? "/" });

    /// <summary>Sends a form.</summary>
    /// <param name="from">Where a browser would say that it is from; null: from a page of the service.</param>
    public Task<HttpResponseMessage> PostAsync(string path, Dictionary<string, string> form, string? from = null) =>
        PostBodyAsync(path, new FormUrlEncodedContent(form), from);

    /// <summary>Sends whatever body, as a form would be sent.</summary>
    public async Task<HttpResponseMessage> PostBodyAsync(string path, HttpContent body, string? from = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
        request.Headers.Add("Origin", from ?? _client.BaseAddress!.ToString().TrimEnd('/'));
        request.Headers.Add("Accept", "text/html");
        return await _client.SendAsync(request);
    }

    public async Task<HttpResponseMessage> GetAsync(string path, string? site = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        request.Headers.Add("Accept", "text/html");
        if (site is not null)
            request.Headers.Add("Sec-Fetch-Site", site);
        return await _client.SendAsync(request);
    }

    /// <summary>A page that is there.</summary>
    public async Task<string> TextAsync(string path)
    {
        using var response = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }
}
