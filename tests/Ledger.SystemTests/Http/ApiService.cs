using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.Tests.Http;
using Ledger.Web;

namespace Ledger.SystemTests.Http;

/// <summary>
/// A <see cref="TestService"/> as an API client sees it: requests with tokens, and answers held against the contract. Nothing is
/// deleted, so jobs stay queued.
/// </summary>
internal sealed class ApiService : IAsyncDisposable
{
    public const string OtherBot = "st-other";

    private readonly Dictionary<string, byte[]> _secrets = [];

    private ApiService(TestService node) => Node = node;

    public TestService Node { get; }

    /// <summary>Has characters that a path must encode.</summary>
    public string Bot { get; } = "st-a/b c%2F";

    public string Deletions => DeletionsOf(Bot);

    public HttpClient Client => Node.Client;

    public RegistryStore Registry => Node.Registry;

    public static string DeletionsOf(string bot) => $"/api/public/bot/{Uri.EscapeDataString(bot)}/conversations/delete";

    public static async Task<ApiService> StartAsync(HttpOptions? options = null, bool ownClock = false)
    {
        var service = new ApiService(
            await TestService.StartAsync(
                new TestServiceOptions
                {
                    Http = options ?? new HttpOptions { Submits = null, Polls = null },
                    OwnClock = ownClock,
                    WriterLoop = true,
                }
            )
        );
        await service.Node.AddBotAsync(service.Bot);
        await service.Node.AddBotAsync(OtherBot);
        foreach (var scopes in new Scope[][] { [Scope.DeleteConversations], [Scope.LedgerAudit], [Scope.LogsHistory] })
            await service.AddClientAsync(ClientWith(scopes), secret: RandomNumberGenerator.GetBytes(64), scopes: scopes);
        return service;
    }

    /// <summary>A token of a client that has exactly these scopes for both bots.</summary>
    public string Token(params Scope[] scopes)
    {
        var client = ClientWith(scopes);
        return Tokens.HS256(_secrets[client], $$"""{"sub":"test","appId":"{{client}}"}""");
    }

    /// <summary>A token of the client with Delete Conversations, with these claims beside <c>appId</c>.</summary>
    public string TokenWith(string claims)
    {
        var client = ClientWith(Scope.DeleteConversations);
        return Tokens.HS256(_secrets[client], $$"""{"appId":"{{client}}",{{claims}}}""");
    }

    public static string ClientWith(params Scope[] scopes) => "cs-" + string.Join('-', scopes);

    public async Task AddClientAsync(
        string client, TokenAlgorithm algorithm = TokenAlgorithm.HS256, string? publicKey = null, bool requireExpiry = false,
        byte[]? secret = null, params Scope[] scopes)
    {
        Assert.Null(
            await Registry.ExecuteOnClientAsync(
                client, new AddClient(client, algorithm, publicKey, requireExpiry, secret is null ? null : "first", "test", null), secret,
                CancellationToken.None)
        );
        foreach (var bot in new[] { Bot, OtherBot })
            await GrantAsync(bot, client, scopes);
        if (secret is not null)
            _secrets[client] = secret;
    }

    public async Task GrantAsync(string bot, string client, params Scope[] scopes) =>
        Assert.Null(await Registry.ExecuteAsync(bot, new GrantClient(bot, client, scopes, "test", null), CancellationToken.None));

    /// <summary>A request with the token of the client with Delete Conversations.</summary>
    public HttpRequestMessage Request(HttpMethod method, string path, string? json = null)
    {
        var request = new HttpRequestMessage(method, path) { Headers = { { "auth", Token(Scope.DeleteConversations) } } };
        if (json is not null)
            request.Content = Json(json);
        return request;
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request, HttpClient? node = null)
    {
        using var response = await (node ?? Client).SendAsync(request);
        return await Answer.OfAsync(response);
    }

    public Task<Answer> SubmitAsync(string json, string? idempotencyKey = null, string? bot = null)
    {
        var request = Request(HttpMethod.Post, DeletionsOf(bot ?? Bot), json);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return SendAsync(request);
    }

    public Task<Answer> GetAsync(string path, string? token = null) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "auth", token ?? Token(Scope.DeleteConversations) } } });

    /// <summary>Sends it and shows that it was refused as contract §5 says, and that nothing was recorded.</summary>
    public async Task<Answer> RefusedAsync(HttpRequestMessage request, int status, int code, string message = "")
    {
        var before = await RecordedAsync();
        var answer = await SendAsync(request);
        answer.IsError(status, code, message);
        Assert.Equal(before, await RecordedAsync());
        return answer;
    }

    public Task<string> RecordedAsync() => Node.RecordedAsync();

    public Task<T> QueryAsync<T>(string sql) => Node.ScalarAsync<T>(sql);

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

/// <summary>What came back.</summary>
internal sealed record Answer(HttpStatusCode Status, string Body, HttpResponseMessage Response)
{
    public static async Task<Answer> OfAsync(HttpResponseMessage response) =>
        new(response.StatusCode, await response.Content.ReadAsStringAsync(), response);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Member(string name) => Json.GetProperty(name).ToString();

    public string? Header(string name) =>
        Response.Headers.TryGetValues(name, out var values) || Response.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values)
            : null;

    public Answer Is(int status)
    {
        Assert.True((int)Status == status, $"{(int)Status} instead of {status}: {Body}");
        return this;
    }

    /// <summary>
    /// Shows that it is the envelope of contract §5, with this code and a message that contains <paramref name="message"/>.
    /// </summary>
    public Answer IsError(int status, int code, string message = "")
    {
        Is(status);
        Assert.Equal("application/json", Header("Content-Type"));
        Assert.Equal("errors", Assert.Single(Json.EnumerateObject()).Name);
        var errors = Json.GetProperty("errors").EnumerateArray().ToList();
        Assert.NotEmpty(errors);
        foreach (var error in errors)
        {
            Assert.Equal(["msg", "code"], error.EnumerateObject().Select(member => member.Name));
            Assert.Equal(code, error.GetProperty("code").GetInt32());
            Assert.NotEmpty(error.GetProperty("msg").GetString()!);
        }
        Assert.Contains(errors, error => error.GetProperty("msg").GetString()!.Contains(message, StringComparison.Ordinal));
        return this;
    }
}

/// <summary>
/// One service for the tests of a class; started by the first that asks, so that a machine without PostgreSQL skips instead of failing.
/// </summary>
public sealed class SharedApiService : IAsyncLifetime
{
    private readonly Once<ApiService> _service = new(() => ApiService.StartAsync());

    internal Task<ApiService> Service => _service.Value;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _service.DisposeAsync();
}
