using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Http;
using Ledger.Identifiers;
using Ledger.Registry;
using Ledger.Tests.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Http;

/// <summary>A real service (Kestrel, PostgreSQL) with one bot in a window that stays closed, so that jobs stay queued.</summary>
internal sealed class ApiService : IAsyncDisposable
{
    private static readonly Lazy<Task> s_password = new(SetPasswordAsync);

    private readonly TestDatabase _database;
    private readonly string _keys;
    private readonly List<WebApplication> _nodes = [];
    private readonly Dictionary<string, byte[]> _secrets = [];

    private ApiService(TestDatabase database, string keys) => (_database, _keys) = (database, keys);

    public const string OtherBot = "st-other";

    /// <summary>Has characters that a path must encode.</summary>
    public string Bot { get; } = "st-a/b c%2F";

    public string Deletions => DeletionsOf(Bot);

    public HttpClient Client { get; private set; } = null!;

    public RegistryStore Registry { get; private set; } = null!;

    /// <summary>The first node's.</summary>
    public IServiceProvider Services => _nodes[0].Services;

    public static string DeletionsOf(string bot) => $"/api/public/bot/{Uri.EscapeDataString(bot)}/conversations/delete";

    public static async Task<ApiService> StartAsync(HttpOptions? options = null, TimeProvider? time = null)
    {
        var database = await TestDatabase.CreateAsync();
        await s_password.Value;
        await using (var owner = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.Superuser) { Pooling = false }.ConnectionString))
        {
            await owner.OpenAsync();
            await Migrator.ApplyAsync(owner, CancellationToken.None);
        }
        var service = new ApiService(database, Path.Combine(Path.GetTempPath(), $"ledger-http-keys-{RandomNumberGenerator.GetHexString(12)}"));
        KeyFolder.Create(service._keys);
        service.Client = await service.StartNodeAsync(options, time);
        await service.RegisterAsync();
        return service;
    }

    /// <summary>One more node on the same database.</summary>
    public async Task<HttpClient> StartNodeAsync(HttpOptions? options = null, TimeProvider? time = null)
    {
        var node = LedgerService.Build(new ServiceSettings
        {
            Connection = _database.ConnectionStringFor("ledger_service"),
            Keys = KeyFolder.Open(_keys),
            Urls = "http://127.0.0.1:0",
            Http = options ?? new HttpOptions { Submits = null, Polls = null },
            Time = time ?? TimeProvider.System,
        });
        _nodes.Add(node);
        await node.StartAsync();
        return new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(node.Urls.First()) };
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
        string client, TokenAlgorithm algorithm = TokenAlgorithm.HS256, string? publicKey = null, bool requireExpiry = false, byte[]? secret = null, params Scope[] scopes)
    {
        Assert.Null(await Registry.ExecuteOnClientAsync(
            client, new AddClient(client, algorithm, publicKey, requireExpiry, secret is null ? null : "first", "test", null), secret, CancellationToken.None));
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

    /// <summary>A fingerprint of every row of every table that records something.</summary>
    public Task<string> RecordedAsync() => QueryAsync<string>("""
        select md5(concat_ws('|',
            (select md5(string_agg(t::text, '|' order by t::text)) from ledger.mt_streams t),
            (select md5(string_agg(t::text, '|' order by t::text)) from ledger.mt_events t),
            (select md5(string_agg(t::text, '|' order by t::text)) from ledger.mt_doc_jobstatus t),
            (select md5(string_agg(t::text, '|' order by t::text)) from ledger.job_list t),
            (select md5(string_agg(t::text, '|' order by t::text)) from ledger.job_queue t),
            (select md5(string_agg(t::text, '|' order by t::text)) from ledger.job_secrets t)))
        """);

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(_database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>To the service the database is gone: its sessions end, and it gets no new ones.</summary>
    public Task TakeDatabaseAwayAsync() => QueryAsync<long>($"""
        revoke connect on database {_database.Name} from public, ledger_service;
        select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and usename = 'ledger_service'
        """);

    public Task GiveDatabaseBackAsync() => QueryAsync<int>($"grant connect on database {_database.Name} to public; select 1");

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_keys, recursive: true);
    }

    private async Task RegisterAsync()
    {
        Registry = ActivatorUtilities.CreateInstance<RegistryStore>(Services);
        // Half a year away: nothing is deleted while a test runs.
        var month = (TimeProvider.System.GetUtcNow().Month + 5) % 12 + 1;
        Assert.Null(await Registry.DefineWindowAsync(new DefineWindow("closed", $"0 0 0 1 {month} ?", "UTC", 60, 1, "test", null), CancellationToken.None));
        foreach (var bot in new[] { Bot, OtherBot })
            Assert.Null(await Registry.ExecuteAsync(bot, new AddBot(bot, null, DateTimeOffset.UnixEpoch, null, "closed", "test", null), CancellationToken.None));
        foreach (var scopes in new Scope[][] { [Scope.DeleteConversations], [Scope.LedgerAudit], [Scope.LogsHistory] })
            await AddClientAsync(ClientWith(scopes), secret: RandomNumberGenerator.GetBytes(64), scopes: scopes);
    }

    private static async Task SetPasswordAsync()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var owner = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.Superuser) { Pooling = false }.ConnectionString);
        await owner.OpenAsync();
        await Migrator.ApplyAsync(owner, CancellationToken.None);
        await using var command = new NpgsqlCommand($"alter role ledger_service password '{await TestDatabase.PasswordAsync("ledger_service")}'", owner);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>What came back.</summary>
internal sealed record Answer(HttpStatusCode Status, string Body, HttpResponseMessage Response)
{
    public static async Task<Answer> OfAsync(HttpResponseMessage response) => new(response.StatusCode, await response.Content.ReadAsStringAsync(), response);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Member(string name) => Json.GetProperty(name).ToString();

    public string? Header(string name) =>
        Response.Headers.TryGetValues(name, out var values) || Response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    public Answer Is(int status)
    {
        Assert.True((int)Status == status, $"{(int)Status} instead of {status}: {Body}");
        return this;
    }

    /// <summary>Shows that it is the envelope of contract §5, with this code and a message that contains <paramref name="message"/>.</summary>
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

/// <summary>One service for the tests of a class; started by the first that asks, so that a machine without PostgreSQL skips instead of failing.</summary>
public sealed class SharedApiService : IAsyncLifetime
{
    private readonly Lazy<Task<ApiService>> _service = new(() => ApiService.StartAsync());

    internal Task<ApiService> Service => _service.Value;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_service is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _service.Value).DisposeAsync();
    }
}
