using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.Tests.Http;

namespace Ledger.SystemTests.Http;

/// <summary>Contract §4 over real HTTP.</summary>
public sealed class AuthenticationTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    private const string InvalidCredentials = "Invalid SDK credentials";

    [SkippableTheory]
    [InlineData(TokenAlgorithm.HS256)]
    [InlineData(TokenAlgorithm.HS512)]
    [InlineData(TokenAlgorithm.RS256)]
    [InlineData(TokenAlgorithm.RS512)]
    [InlineData(TokenAlgorithm.ES256)]
    public async Task Every_algorithm_opens_the_door_to_the_client_that_is_registered_with_it(TokenAlgorithm algorithm)
    {
        var service = await shared.Service;
        using var rsa = RSA.Create(2048);
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var secret = RandomNumberGenerator.GetBytes(64);
        var client = $"cs-{algorithm}";
        var payload = $$"""{"sub":"any","appId":"{{client}}"}""";
        var (token, publicKey) = algorithm switch
        {
            TokenAlgorithm.HS256 => (Tokens.HS256(secret, payload), null),
            TokenAlgorithm.HS512 => (Tokens.HS512(secret, payload), null),
            TokenAlgorithm.RS256 => (Tokens.RS256(rsa, payload), rsa.ExportSubjectPublicKeyInfoPem()),
            TokenAlgorithm.RS512 => (Tokens.RS512(rsa, payload), rsa.ExportSubjectPublicKeyInfoPem()),
            _ => (Tokens.ES256(ecdsa, payload), ecdsa.ExportSubjectPublicKeyInfoPem()),
        };
        await service.AddClientAsync(client, algorithm, publicKey, secret: publicKey is null ? secret : null, scopes: Scope.DeleteConversations);
        (await service.GetAsync(service.Deletions, token)).Is(200);

        // The other algorithms, with what this one's key can make of them; a public key is known to everybody.
        string[] others =
        [
            Tokens.Sign("none", payload, _ => []),
            Tokens.HS256(publicKey is null ? RandomNumberGenerator.GetBytes(64) : Encoding.ASCII.GetBytes(publicKey), payload),
            algorithm == TokenAlgorithm.HS256 ? Tokens.HS512(secret, payload) : Tokens.HS256(secret, payload),
            algorithm == TokenAlgorithm.RS256 ? Tokens.RS512(rsa, payload) : Tokens.RS256(rsa, payload),
        ];
        foreach (var other in others)
            await RefusedAsync(service, other);
    }

    [SkippableFact]
    public async Task During_rotation_both_secrets_work_and_a_retired_one_does_not()
    {
        var service = await shared.Service;
        var (first, second, third) = (RandomNumberGenerator.GetBytes(64), RandomNumberGenerator.GetBytes(64), RandomNumberGenerator.GetBytes(64));
        await service.AddClientAsync("cs-rotating", secret: first, scopes: Scope.DeleteConversations);
        string Token(byte[] secret) => Tokens.HS256(secret, """{"appId":"cs-rotating"}""");
        async Task IssueAsync(string id, byte[] secret) =>
            Assert.Null(await service.Registry.ExecuteOnClientAsync("cs-rotating", new IssueSecret("cs-rotating", id, "test", null), secret, CancellationToken.None));

        (await service.GetAsync(service.Deletions, Token(first))).Is(200);
        await RefusedAsync(service, Token(second));
        await IssueAsync("second", second);
        // At once, although the registry was read a moment ago: what was recorded before the request must be found.
        (await service.GetAsync(service.Deletions, Token(second))).Is(200);
        (await service.GetAsync(service.Deletions, Token(first))).Is(200);
        await IssueAsync("third", third);
        (await service.GetAsync(service.Deletions, Token(third))).Is(200);
        await RefusedAsync(service, Token(first));
    }

    [SkippableFact]
    public async Task A_new_grant_counts_at_once()
    {
        var service = await shared.Service;
        var secret = RandomNumberGenerator.GetBytes(64);
        await service.AddClientAsync("cs-growing", secret: secret, scopes: Scope.LogsHistory);
        var token = Tokens.HS256(secret, """{"appId":"cs-growing"}""");
        (await service.GetAsync(service.Deletions, token)).IsError(403, 4002, "Permission denied. Scope is incorrect!");
        await service.GrantAsync(service.Bot, "cs-growing", Scope.DeleteConversations);
        (await service.GetAsync(service.Deletions, token)).Is(200);
    }

    [SkippableFact]
    public async Task All_causes_of_401_have_one_and_the_same_answer()
    {
        var service = await shared.Service;
        var good = service.Token(Scope.DeleteConversations);
        var revoked = RandomNumberGenerator.GetBytes(64);
        await service.AddClientAsync("cs-revoked", secret: revoked, scopes: Scope.DeleteConversations);
        Assert.Null(await service.Registry.ExecuteOnClientAsync("cs-revoked", new RevokeClient("cs-revoked", "test", null), null, CancellationToken.None));
        var ungranted = RandomNumberGenerator.GetBytes(64);
        await service.AddClientAsync("cs-ungranted", secret: ungranted, scopes: Scope.DeleteConversations);
        foreach (var bot in new[] { service.Bot, ApiService.OtherBot })
            Assert.Null(await service.Registry.ExecuteAsync(bot, new RevokeGrant(bot, "cs-ungranted", "test", null), CancellationToken.None));

        (string? Token, string Bot)[] causes =
        [
            (null, service.Bot),
            ("", service.Bot),
            ("x", service.Bot),
            (good[..^3], service.Bot),
            (new string('A', 9000), service.Bot),
            ($"Bearer {good}", service.Bot),
            (good, "st-unknown"),
            (good, new string('b', 129)),
            (good, service.Bot.ToUpperInvariant()),
            (good, Uri.EscapeDataString(service.Bot)),
            (Tokens.HS256(RandomNumberGenerator.GetBytes(64), """{"appId":"cs-nobody"}"""), service.Bot),
            (Tokens.HS256(revoked, """{"appId":"cs-revoked"}"""), service.Bot),
            (Tokens.HS256(ungranted, """{"appId":"cs-ungranted"}"""), service.Bot),
            (service.TokenWith($"\"exp\":{Seconds(-61)}"), service.Bot),
            (service.TokenWith($"\"nbf\":{Seconds(+120)}"), service.Bot),
            (service.TokenWith($"\"iat\":{Seconds(+120)}"), service.Bot),
            (service.TokenWith("\"exp\":\"tomorrow\""), service.Bot),
        ];
        var bodies = new HashSet<string>();
        foreach (var (token, bot) in causes)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, ApiService.DeletionsOf(bot)) { Content = ApiService.Json("""{"cId":"u"}""") };
            if (token is not null)
                request.Headers.TryAddWithoutValidation("auth", token);
            bodies.Add((await service.RefusedAsync(request, 401, 4002, InvalidCredentials)).Body);
        }
        Assert.Equal("""{"errors":[{"msg":"Invalid SDK credentials","code":4002}]}""", Assert.Single(bodies));
    }

    [SkippableFact]
    public async Task Lifetimes_within_the_skew_are_accepted()
    {
        var service = await shared.Service;
        foreach (var claims in new[] { $"\"exp\":{Seconds(-30)}", $"\"nbf\":{Seconds(+30)}", $"\"iat\":{Seconds(+30)}", $"\"exp\":{Seconds(+999_999)}" })
            (await service.GetAsync(service.Deletions, service.TokenWith(claims))).Is(200);
    }

    [SkippableFact]
    public async Task A_bearer_token_works_too_and_auth_wins()
    {
        var service = await shared.Service;
        var request = new HttpRequestMessage(HttpMethod.Get, service.Deletions);
        request.Headers.Add("Authorization", $"Bearer {service.Token(Scope.DeleteConversations)}");
        (await service.SendAsync(request)).Is(200);
        var both = new HttpRequestMessage(HttpMethod.Get, service.Deletions);
        both.Headers.Add("Authorization", $"Bearer {service.Token(Scope.DeleteConversations)}");
        both.Headers.Add("auth", "x");
        (await service.SendAsync(both)).IsError(401, 4002, InvalidCredentials);
    }

    [SkippableFact]
    public async Task Expiry_can_be_required()
    {
        var service = await shared.Service;
        var secret = RandomNumberGenerator.GetBytes(64);
        await service.AddClientAsync("cs-strict", requireExpiry: true, secret: secret, scopes: Scope.DeleteConversations);
        await RefusedAsync(service, Tokens.HS256(secret, """{"appId":"cs-strict"}"""));
        (await service.GetAsync(service.Deletions, Tokens.HS256(secret, $$"""{"appId":"cs-strict","exp":{{Seconds(60)}}}"""))).Is(200);
    }

    [SkippableFact]
    public async Task A_jti_works_once_whatever_the_answer()
    {
        var service = await shared.Service;
        const string replay = "error verifying the jwt: possibly a replay";
        var token = service.TokenWith($"\"jti\":\"one\",\"exp\":{Seconds(600)}");
        (await service.GetAsync(service.Deletions, token)).Is(200);
        (await service.GetAsync(service.Deletions, token)).IsError(401, 401, replay);
        // Another token with the same jti is a replay too.
        (await service.GetAsync(service.Deletions, service.TokenWith($"\"jti\":\"one\",\"exp\":{Seconds(700)}"))).IsError(401, 401, replay);

        var wasted = service.TokenWith($"\"jti\":\"two\",\"exp\":{Seconds(600)}");
        (await service.GetAsync($"{service.Deletions}/no-job", wasted)).IsError(404, 404);
        (await service.GetAsync(service.Deletions, wasted)).IsError(401, 401, replay);

        // A path that needs no token consumes none.
        var kept = service.TokenWith($"\"jti\":\"three\",\"exp\":{Seconds(600)}");
        (await service.GetAsync("/health/live", kept)).Is(200);
        (await service.GetAsync("/nowhere", kept)).IsError(404, 404);
        (await service.GetAsync(service.Deletions, kept)).Is(200);
    }

    [SkippableFact]
    public async Task Of_many_uses_of_a_jti_at_once_one_is_let_in()
    {
        var service = await shared.Service;
        var token = service.TokenWith($"\"jti\":\"race\",\"exp\":{Seconds(600)}");
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => service.GetAsync(service.Deletions, token)));
        Assert.Single(answers, answer => (int)answer.Status == 200);
        Assert.Equal(15, answers.Count(answer => (int)answer.Status == 401));
    }

    [SkippableFact]
    public async Task A_jti_needs_an_expiry_within_the_hour()
    {
        var service = await shared.Service;
        const string message = "error verifying the jwt: if \"jti\" claim \"exp\" must be <= 1 hour(s)";
        (await service.GetAsync(service.Deletions, service.TokenWith("\"jti\":\"far\""))).IsError(401, 401, message);
        (await service.GetAsync(service.Deletions, service.TokenWith($"\"jti\":\"far\",\"exp\":{Seconds(3700)}"))).IsError(401, 401, message);
        (await service.GetAsync(service.Deletions, service.TokenWith($"\"jti\":\"far\",\"exp\":{Seconds(3500)}"))).Is(200);
    }

    [SkippableFact]
    public async Task Tokens_that_expired_are_forgotten_and_live_ones_are_not()
    {
        var service = await shared.Service;
        (await service.GetAsync(service.Deletions, service.TokenWith($"\"jti\":\"kept\",\"exp\":{Seconds(600)}"))).Is(200);
        var live = await service.QueryAsync<long>("select count(*) from ledger.used_tokens");
        await service.QueryAsync<long>(
            "insert into ledger.used_tokens select 'cs-old', sha256(n::text::bytea), now() - interval '1 day' from generate_series(1, 25000) n; select 1::bigint");
        var expiry = Microsoft.Extensions.DependencyInjection.ActivatorUtilities.CreateInstance<Ledger.Http.Expiry>(service.Node.Services);
        await expiry.RunOnceAsync(CancellationToken.None);
        Assert.Equal(live, await service.QueryAsync<long>("select count(*) from ledger.used_tokens"));
    }

    [SkippableFact]
    public async Task No_jti_is_kept_as_it_was_sent()
    {
        var service = await shared.Service;
        (await service.GetAsync(service.Deletions, service.TokenWith($"\"jti\":\"c-69eb0c87\",\"exp\":{Seconds(600)}"))).Is(200);
        Assert.Equal(0, await service.QueryAsync<long>("select count(*) from ledger.used_tokens t where t::text like '%69eb0c87%'"));
        Assert.Equal(1, await service.QueryAsync<long>("select count(*) from ledger.used_tokens where jti_digest = sha256('c-69eb0c87')"));
    }

    private static long Seconds(int fromNow) => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + fromNow;

    private static async Task RefusedAsync(ApiService service, string token) => (await service.GetAsync(service.Deletions, token)).IsError(401, 4002, InvalidCredentials);
}
