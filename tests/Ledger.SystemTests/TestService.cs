using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Alba;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Execution;
using Ledger.Execution.Turns;
using Ledger.Hosting;
using Ledger.Keys;
using Ledger.Log;
using Ledger.Notifications;
using Ledger.Registry;
using Ledger.SystemTests.Contract;
using Ledger.SystemTests.Reference;
using Ledger.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Ledger.SystemTests;

/// <summary>What a test wants of its node.</summary>
public sealed record TestServiceOptions
{
    /// <summary>The sweep runs the jobs. Off: nothing is deleted but by <see cref="TestService.RunSlicesAsync"/>.</summary>
    public bool Lanes { get; init; }

    /// <summary>The engine is started, and its messages run the jobs. It goes by the true clock.</summary>
    public bool Engine { get; init; }

    /// <summary>With the engine: its nodes agree with each other.</summary>
    public bool Cluster { get; init; }

    /// <summary>
    /// Off, and lanes are off too: nothing is logged but by <see cref="TestService.RunSlicesAsync"/> and
    /// <see cref="TestService.WriteLogAsync"/>.
    /// </summary>
    public bool WriterLoop { get; init; }

    /// <summary>The log's witnesses.</summary>
    public CosignAsync? Cosign { get; init; }

    /// <summary>Witnesses as a policy names them: is given the log's key before the node starts.</summary>
    public Func<NoteVerifier, Task<Policy>>? Witnesses { get; init; }

    public HttpOptions Http { get; init; } = new() { Submits = null, Polls = null };
    public ExecutionOptions Execution { get; init; } =
        new() { RetryDelays = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3)] };

    /// <summary>The window of <see cref="TestService.Bot"/>; the default is always open.</summary>
    public DeletionWindowOptions Window { get; init; } = new("0 0 * * * ?", "UTC", TimeSpan.FromHours(2), 4);

    public int? RetentionDays { get; init; }

    /// <summary>How the nodes send; by default no mail at all.</summary>
    public NotificationOptions Notifications { get; init; } = new();

    /// <summary>A clock that the test sets; else the real one.</summary>
    public bool OwnClock { get; init; }

    /// <summary>Is given everything that the nodes log.</summary>
    public ILoggerProvider? Log { get; init; }

    /// <summary>The first node is Alba's: it has no port, and requests reach it within the process.</summary>
    public bool InMemory { get; init; }
}

public sealed record DeletionWindowOptions(string Cron, string TimeZone, TimeSpan Length, int Lanes);

/// <summary>A real node on a real PostgreSQL and a real port, with one bot and one client that may do everything.</summary>
public sealed class TestService : IAsyncDisposable
{
    public const string ClientId = "cs-test-client";

    private readonly TestDatabase _database;
    private readonly string _keyFolder;
    private readonly List<IHost> _nodes;
    private readonly ConcurrentDictionary<(string Operation, int Status), bool> _answered;
    private readonly TestServiceOptions _options;
    private readonly bool _isGuest;

    private TestService(TestDatabase database, string keyFolder, TestServiceOptions options, ServiceTemplate? template)
    {
        var time = options.OwnClock ? new TestClock(database.Superuser) : TimeProvider.System;
        (_database, _keyFolder, _options, Time) = (database, keyFolder, options, time);
        (_nodes, _answered, _scoped) = ([], new(), []);
        if (template is null)
            KeyFolder.Create(keyFolder);
        else
            (Bot, Secret) = (template.Bot, template.Secret);
        Keys = KeyFolder.Open(keyFolder);
        Source = ServiceDatabase.Source(database.ConnectionStringFor("ledger_service"));
        Registry = new RegistryStore(Source, TestStore.One, Keys, time);
    }

    /// <summary>As a guest on the node of another.</summary>
    private TestService(TestService host)
    {
        _isGuest = true;
        (_database, _keyFolder, _options, Time) = (host._database, host._keyFolder, host._options, host.Time);
        (_nodes, _answered, _scoped) = (host._nodes, host._answered, host._scoped);
        (Keys, Source, Registry, Secret, Client, Alba) = (host.Keys, host.Source, host.Registry, host.Secret, host.Client, host.Alba);
    }

    public string Bot { get; } = $"st-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";

    /// <summary>The secret of <see cref="ClientId"/> (HS256).</summary>
    public byte[] Secret { get; private set; } = [];

    public KeyFolder Keys { get; }

    /// <summary>The folder of <see cref="Keys"/>.</summary>
    public string KeyDirectory => _keyFolder;
    public TimeProvider Time { get; }
    public TestClock Clock => (TestClock)Time;
    public RegistryStore Registry { get; }
    public TestDatabase Database => _database;

    /// <summary>As the service's role.</summary>
    public NpgsqlDataSource Source { get; }

    /// <summary>Which answers the nodes' clients got, by the ids of /openapi/v1.json, against which each is held.</summary>
    public IReadOnlyCollection<(string Operation, int Status)> Answered =>
        (IReadOnlyCollection<(string Operation, int Status)>)_answered.Keys;

    /// <summary>The first node's address; requests carry no token, and each answer is held against /openapi/v1.json.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>The first node if it is in memory. Its scenarios carry a token of <see cref="ClientId"/> unless they bring one.</summary>
    public IAlbaHost? Alba { get; private set; }

    public IServiceProvider Services => _nodes[0].Services;
    public string Deletions => $"/api/public/bot/{Bot}/conversations/delete";

    public static async Task<TestService> StartAsync(TestServiceOptions? options = null)
    {
        options ??= new TestServiceOptions();
        if ((options.Window, options.RetentionDays) == (new TestServiceOptions().Window, null))
            return await StartAsync(options, await ServiceTemplate.OneBotAsync(options.OwnClock));
        var service = await MakeAsync(options);
        await service.NodeAsync();
        return service;
    }

    /// <summary>On a copy of what another service left.</summary>
    public static async Task<TestService> StartAsync(TestServiceOptions options, ServiceTemplate template)
    {
        var (database, keys) = await template.CopyAsync();
        var service = new TestService(database, keys, options, template);
        await service.NodeAsync();
        return service;
    }

    /// <summary>A template with a bot, a client and a window.</summary>
    internal static async Task<ServiceTemplate> RegisteredAsync(TestServiceOptions options) =>
        await (await MakeAsync(options)).FreezeAsync();

    /// <summary>Stops for good, and what it leaves is a template.</summary>
    public async Task<ServiceTemplate> FreezeAsync()
    {
        await StopAsync();
        return new ServiceTemplate(await _database.FreezeAsync(), _keyFolder, Bot, Secret);
    }

    private static async Task<TestService> MakeAsync(TestServiceOptions options)
    {
        var database = await TestDatabase.CreateAsync();
        if (options.OwnClock)
            await TestClock.InstallAsync(database);
        var service = new TestService(database, ServiceTemplate.NewKeyFolder(), options, template: null);
        await service.RegisterAsync();
        return service;
    }

    private async Task NodeAsync() => Client = _options.InMemory ? await HostAsync() : await AddNodeAsync();

    /// <summary>The same node with another bot as <see cref="Bot"/>. Disposing that leaves the node running.</summary>
    public async Task<TestService> WithOwnBotAsync()
    {
        var guest = new TestService(this);
        await AddBotAsync(guest.Bot);
        return guest;
    }

    /// <summary>One more node on the same database, which is not started.</summary>
    internal WebApplication BuildNode(EngineOptions? engine, TurnOptions? turns = null, TimeProvider? time = null) =>
        LedgerService.Build(new ServiceSettings
        {
            Connection = _database.ConnectionStringFor("ledger_service"),
            Keys = Keys,
            Urls = "http://127.0.0.1:0",
            Engine = engine,
            Turns = turns,
            Time = time ?? TimeProvider.System,
        });

    /// <summary>One more node on the same database.</summary>
    /// <param name="http">Null: as the others.</param>
    public async Task<HttpClient> AddNodeAsync(HttpOptions? http = null)
    {
        var node = LedgerService.Build(await SettingsAsync(http ?? _options.Http));
        _nodes.Add(node);
        Listen(node);
        await node.StartAsync();
        var address = node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return (await HeldAgainstDocument.ClientAsync(new SocketsHttpHandler(), address, _answered)).Client;
    }

    private async Task<HttpClient> HostAsync()
    {
        Alba = await AlbaHost.For(LedgerService.Builder(await SettingsAsync(_options.Http)), LedgerHttp.UseLedgerHttp);
        _nodes.Add(Alba);
        Listen(Alba);
        var (client, held) = await HeldAgainstDocument.ClientAsync(
            Alba.Server.CreateHandler(), Alba.Server.BaseAddress.ToString(), _answered);
        Alba.BeforeEach(context => context.Request.Headers["auth"] = Token());
        Alba.AfterEachAsync(context => ScenarioAnswer.HoldAsync(context, held));
        return client;
    }

    private void Listen(IHost node)
    {
        if (_options.Log is { } log)
            node.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
    }

    private async Task<ServiceSettings> SettingsAsync(HttpOptions http) => new()
    {
        Connection = _database.ConnectionStringFor("ledger_service"),
        Keys = Keys,
        Urls = "http://127.0.0.1:0",
        Http = http,
        Execution = _options.Execution,
        Notifications = _options.Notifications,
        Turns = new TurnOptions { SweepInterval = _options.Lanes ? TimeSpan.FromMilliseconds(500) : null },
        Engine = _options.Engine ? new EngineOptions { IsAlone = !_options.Cluster } : null,
        Witnesses = _options.Witnesses is { } witnesses ? await witnesses(LogKeyFile.Read(_keyFolder).Verifier) : null,
        Log = new LogOptions { Loop = _options.Lanes || _options.Engine || _options.WriterLoop, Cosign = _options.Cosign },
        Time = Time,
    };

    /// <summary>A token of a client that has these scopes for <see cref="Bot"/>; without any: all of them.</summary>
    public string Token(params Scope[] scopes)
    {
        if (scopes.Length == 0)
            return Sign(ClientId, Secret);
        var client = $"cs-{string.Join('-', scopes.Select(scope => (int)scope))}";
        lock (_scoped)
        {
            if (!_scoped.TryGetValue(client, out var secret))
            {
                _granted.Add(client);
                _scoped.Add(client, secret = RegisterClientAsync(client, scopes).GetAwaiter().GetResult());
            }
            if (_granted.Add(client))
                GrantAsync(client, scopes).GetAwaiter().GetResult();
            return Sign(client, secret);
        }
    }

    // Clients of one node, and those that were given a guest's bot.
    private readonly Dictionary<string, byte[]> _scoped;
    private readonly HashSet<string> _granted = [];

    public static string Sign(
        string client, byte[] secret, string algorithm = SecurityAlgorithms.HmacSha256,
        IReadOnlyDictionary<string, object>? claims = null) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            JsonSerializer.Serialize(
                new Dictionary<string, object>(claims ?? new Dictionary<string, object>()) { ["sub"] = "test", ["appId"] = client }),
            new SigningCredentials(new SymmetricSecurityKey(secret), algorithm)
        );

    /// <summary>An HS256 client with these scopes for <see cref="Bot"/>; returns its secret.</summary>
    public async Task<byte[]> RegisterClientAsync(string client, params Scope[] scopes)
    {
        var (id, secret) = RegistryStore.NewSecret();
        Accepted(
            await Registry.ExecuteOnClientAsync(
                client, new AddClient(client, TokenAlgorithm.HS256, null, false, id, "test", null), secret, CancellationToken.None)
        );
        await GrantAsync(client, scopes);
        return secret;
    }

    private async Task GrantAsync(string client, params Scope[] scopes) =>
        Accepted(await Registry.ExecuteAsync(Bot, new GrantClient(Bot, client, scopes, "test", null), CancellationToken.None));

    /// <summary>One more bot, like <see cref="Bot"/>, for the same client.</summary>
    public async Task<string> AddBotAsync(string? bot = null, string window = "test", int? retentionDays = null)
    {
        bot ??= $"st-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        var add = new AddBot(bot, "owner@example.com", BotCreatedAt, retentionDays ?? _options.RetentionDays, window, "test", null);
        Accepted(await Registry.ExecuteAsync(bot, add, CancellationToken.None));
        Accepted(
            await Registry.ExecuteAsync(bot, new GrantClient(bot, ClientId, Enum.GetValues<Scope>(), "test", null), CancellationToken.None)
        );
        return bot;
    }

    public static readonly DateTimeOffset BotCreatedAt = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Sends with a token of a client that may do everything (or with <paramref name="token"/>).</summary>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, object? body = null, string? token = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("auth", token ?? Token());
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        return await Client.SendAsync(request);
    }

    /// <summary>Submits and returns the job id.</summary>
    public async Task<string> SubmitAsync(object body, string? bot = null)
    {
        using var response = await SendAsync(
            HttpMethod.Post, bot is null ? Deletions : $"/api/public/bot/{Uri.EscapeDataString(bot)}/conversations/delete", body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("jobId").GetString()!;
    }

    /// <exception cref="HttpRequestException">The answer is 503: repeat it later, as if there had been no connection (contract
    /// §5).</exception>
    public async Task<JsonElement> StatusAsync(string job, string? bot = null)
    {
        using var response = await SendAsync(HttpMethod.Get, $"/api/public/bot/{bot ?? Bot}/conversations/delete/{job}");
        var text = await response.Content.ReadAsStringAsync();
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            throw new HttpRequestException(text, null, response.StatusCode);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Runs slices of the window until nothing is due, and writes the log, which slices wait for.</summary>
    public async Task RunSlicesAsync(string window = "test")
    {
        do
        {
            await WriteLogAsync();
            await Services.RunSliceAsync(window);
        }
        while (await ScalarAsync<bool>("select exists (select from ledger.log_queue)"));
    }

    /// <summary>Writes the log until nothing is waiting for it. The first node's writer does it.</summary>
    public async Task WriteLogAsync()
    {
        var writer = Services.GetRequiredService<LogWriter>();
        LogPass pass;
        do
        {
            pass = await writer.RunOnceAsync(CancellationToken.None);
            Assert.Null(pass.Problem);
        }
        while (pass.Events > 0 || pass.Size is null);
    }

    /// <summary>A fingerprint of everything that is recorded: equal before and after a refused request.</summary>
    public async Task<string> RecordedAsync() =>
        await ScalarAsync<string>(
            """
            select concat_ws(' ',
                (select count(*) || ':' || coalesce(max(seq_id), 0)
                    from ledger.mt_events), (select count(*) || ':' || coalesce(sum(version), 0) from ledger.mt_streams),
                (select count(*) || ':' || coalesce(sum(mt_version), 0) from ledger.mt_doc_jobstatus), (select count(*)
                    from ledger.mt_doc_job),
                (select count(*) from ledger.job_secrets), (select count(*) from ledger.job_manifest))
            """
        );

    public async Task<T> ScalarAsync<T>(string sql, params object[] parameters)
    {
        await using var source = new NpgsqlConnection(_database.Superuser);
        await source.OpenAsync();
        await using var command = new NpgsqlCommand(sql, source);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql, params object[] parameters)
    {
        await using var source = new NpgsqlConnection(_database.Superuser);
        await source.OpenAsync();
        await using var command = new NpgsqlCommand(sql, source);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>What inserts a job's secrets waits for an advisory lock when it is to commit: nobody can know whether it will
    /// have.</summary>
    /// <param name="key">The lock.</param>
    public async Task WaitAtCommitAsync(int key)
    {
        await ExecuteAsync(
            $"""
            create function public.at_commit() returns trigger language plpgsql as $$ 
                begin perform pg_advisory_xact_lock({key}); return null; end $$
            """);
        await ExecuteAsync(
            """
            create constraint trigger at_commit after insert on ledger.job_secrets deferrable initially deferred
                for each row execute function public.at_commit()
            """);
    }

    public async Task WaitAtCommitNoMoreAsync()
    {
        await ExecuteAsync("drop trigger at_commit on ledger.job_secrets");
        await ExecuteAsync("drop function public.at_commit");
    }

    /// <summary>Closes the sessions that nobody uses now, or that ended without their pool's knowledge.</summary>
    public void ClearPools()
    {
        Source.Clear();
        foreach (var node in _nodes.Select(node => node.Services))
        {
            node.GetRequiredService<NpgsqlDataSource>().Clear();
            node.GetRequiredService<LaneDatabase>().Clear();
            node.GetRequiredService<LogDatabase>().Source.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isGuest)
            return;
        await StopAsync();
        await _database.DisposeAsync();
        Directory.Delete(_keyFolder, recursive: true);
    }

    private async Task StopAsync()
    {
        foreach (var node in _nodes)
        {
            // Disposing Alba's stops it too.
            if (node != Alba)
                await node.StopAsync();
            await ((IAsyncDisposable)node).DisposeAsync();
        }
        await Source.DisposeAsync();
    }

    private async Task RegisterAsync()
    {
        Accepted(
            await Registry.DefineWindowAsync(
                new DefineWindow(
                    "test", _options.Window.Cron, _options.Window.TimeZone, (long)_options.Window.Length.TotalSeconds,
                    _options.Window.Lanes, "test", null),
                CancellationToken.None
            )
        );
        Accepted(
            await Registry.ExecuteAsync(
                Bot, new AddBot(Bot, "owner@example.com", BotCreatedAt, _options.RetentionDays, "test", "test", null),
                CancellationToken.None)
        );
        Secret = await RegisterClientAsync(ClientId, Enum.GetValues<Scope>());
    }

    private static void Accepted(Rejection? rejection) => Assert.Null(rejection?.Message);
}
