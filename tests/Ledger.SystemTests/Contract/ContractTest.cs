using System.Security.Cryptography;
using Alba;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.SystemTests.Http;
using Ledger.Tests.Http;

namespace Ledger.SystemTests.Contract;

/// <summary>
/// Scenarios of one section of the contract. Each has a bot of its own on the class's node: what one bot's client does is nothing to
/// another bot. Whatever a scenario changes beside its bot it puts back.
/// </summary>
public abstract class ContractTest(ContractHost host) : IClassFixture<ContractHost>, IAsyncLifetime
{
    private protected TestService Node { get; private set; } = null!;

    private protected TestLog NodeLog => host.Log;

    /// <summary>This test's bot. <see cref="TestService.ClientId"/>, whose token is sent by default, may do everything with it.</summary>
    private protected string Bot { get; private set; } = "";

    private protected string Deletions => DeletionsOf(Bot);

    public async Task InitializeAsync()
    {
        Node = await host.Node;
        Bot = await Node.AddBotAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private protected static string DeletionsOf(string bot) => ApiService.DeletionsOf(bot);

    /// <summary>Runs a scenario, which must be answered with this status.</summary>
    private protected async Task<Answer> AnswerAsync(int status, Action<Scenario> request)
    {
        var result = await Node.Alba!.Scenario(scenario =>
        {
            request(scenario);
            scenario.IgnoreStatusCode(); // what Alba says of another one is less than what is said below
        });
        return (await ScenarioAnswer.Of(result.Context)).Is(status);
    }

    private protected Task<Answer> GetAsync(string target, int status = 200) => AnswerAsync(status, s => s.Target("GET", target));

    private protected Task<Answer> GetAsync(string target, string? token, int status = 200) =>
        AnswerAsync(status, s => s.Target("GET", target).As(token));

    private protected Task<Answer> SubmitAsync(string body, string? key = null, int status = 202, string? bot = null) =>
        AnswerAsync(status, s => s.Target("POST", DeletionsOf(bot ?? Bot)).Sending(body).With("Idempotency-Key", key));

    /// <summary>Submits and returns the status URL.</summary>
    private protected async Task<string> JobAsync(string body) => (await SubmitAsync(body)).Header("Location")!;

    /// <summary>Is refused as contract §5 says, and has recorded nothing.</summary>
    private protected async Task<Answer> RefusedAsync(int status, int code, string message, Action<Scenario> request)
    {
        var before = await Node.RecordedAsync();
        var answer = (await AnswerAsync(status, request)).IsError(status, code, message);
        Assert.Equal(before, await Node.RecordedAsync());
        return answer;
    }

    private protected Task<Answer> RefusedSubmitAsync(string body, string message, string query = "") =>
        RefusedAsync(400, 400, message, s => s.Target("POST", Deletions + query).Sending(body));

    /// <summary>A client with these scopes for this test's bot; returns its id.</summary>
    private protected async Task<string> ClientAsync(
        byte[]? secret, TokenAlgorithm algorithm = TokenAlgorithm.HS256, string? publicKey = null, bool requireExpiry = false,
        params Scope[] scopes)
    {
        var client = $"cs-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        var add = new AddClient(client, algorithm, publicKey, requireExpiry, secret is null ? null : "first", "test", null);
        Assert.Null(await Node.Registry.ExecuteOnClientAsync(client, add, secret, CancellationToken.None));
        await GrantAsync(client, scopes);
        return client;
    }

    private protected async Task GrantAsync(string client, params Scope[] scopes) =>
        Assert.Null(await Node.Registry.ExecuteAsync(Bot, new GrantClient(Bot, client, scopes, "test", null), CancellationToken.None));

    /// <summary>A token of a client that has just these scopes for this test's bot.</summary>
    private protected async Task<string> TokenAsync(params Scope[] scopes)
    {
        var secret = RandomNumberGenerator.GetBytes(64);
        var client = await ClientAsync(secret, scopes: scopes);
        return Tokens.HS256(secret, $$"""{"sub":"test","appId":"{{client}}"}""");
    }
}
