using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.Tests.Http;
using Ledger.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Contract;

/// <summary>Contract §4. Every form that a token can have is told in the tests of the token check.</summary>
public sealed class AuthenticationRules(ContractHost host) : ContractTest(host)
{
    private const string InvalidCredentials = "Invalid SDK credentials";
    private const string Replay = "error verifying the jwt: possibly a replay";

    [SkippableFact]
    public async Task The_token_travels_in_auth_or_as_a_bearer_token_and_auth_wins()
    {
        var token = Node.Token();
        await AnswerAsync(200, s => s.Target("GET", Deletions).As(token));
        await AnswerAsync(200, s => s.Target("GET", Deletions).As(null).With("Authorization", $"Bearer {token}"));
        foreach (var (auth, authorization) in new[] { ("x", $"Bearer {token}"), ($"Bearer {token}", null), (null, token) })
        {
            var answer = await AnswerAsync(401, s => s.Target("GET", Deletions).As(auth).With("Authorization", authorization));
            answer.IsError(401, 4002, InvalidCredentials);
        }
    }

    [SkippableTheory]
    [InlineData(TokenAlgorithm.HS256)]
    [InlineData(TokenAlgorithm.HS512)]
    [InlineData(TokenAlgorithm.RS256)]
    [InlineData(TokenAlgorithm.RS512)]
    [InlineData(TokenAlgorithm.ES256)]
    public async Task Alg_must_be_the_one_registered_and_none_never_works(TokenAlgorithm algorithm)
    {
        using var rsa = RSA.Create(2048);
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var secret = RandomNumberGenerator.GetBytes(64);
        var publicKey = algorithm switch
        {
            TokenAlgorithm.HS256 or TokenAlgorithm.HS512 => null,
            TokenAlgorithm.ES256 => ecdsa.ExportSubjectPublicKeyInfoPem(),
            _ => rsa.ExportSubjectPublicKeyInfoPem(),
        };
        var client = await ClientAsync(publicKey is null ? secret : null, algorithm, publicKey, scopes: Scope.DeleteConversations);
        var payload = $$"""{"sub":"any","appId":"{{client}}"}""";
        await GetAsync(Deletions, algorithm switch
        {
            TokenAlgorithm.HS256 => Tokens.HS256(secret, payload),
            TokenAlgorithm.HS512 => Tokens.HS512(secret, payload),
            TokenAlgorithm.RS256 => Tokens.RS256(rsa, payload),
            TokenAlgorithm.RS512 => Tokens.RS512(rsa, payload),
            _ => Tokens.ES256(ecdsa, payload),
        });

        // The other algorithms, with what this one's key can make of them; a public key is known to everybody.
        string[] others =
        [
            Tokens.Sign("none", payload, _ => []),
            Tokens.HS256(publicKey is null ? RandomNumberGenerator.GetBytes(64) : Encoding.ASCII.GetBytes(publicKey), payload),
            algorithm == TokenAlgorithm.HS256 ? Tokens.HS512(secret, payload) : Tokens.HS256(secret, payload),
            algorithm == TokenAlgorithm.RS256 ? Tokens.RS512(rsa, payload) : Tokens.RS256(rsa, payload),
        ];
        foreach (var other in others)
            await RefusedAsync(other);
    }

    [SkippableFact]
    public async Task During_rotation_both_secrets_work_and_a_retired_one_does_not()
    {
        byte[][] secrets = [.. Enumerable.Range(0, 3).Select(_ => RandomNumberGenerator.GetBytes(64))];
        var (first, second, third) = (secrets[0], secrets[1], secrets[2]);
        var client = await ClientAsync(first, scopes: Scope.DeleteConversations);
        string Token(byte[] secret) => Tokens.HS256(secret, $$"""{"appId":"{{client}}"}""");
        async Task IssueAsync(string id, byte[] secret)
        {
            var issue = new IssueSecret(client, id, "test", null);
            Assert.Null(await Node.Registry.ExecuteOnClientAsync(client, issue, secret, CancellationToken.None));
        }

        await GetAsync(Deletions, Token(first));
        await RefusedAsync(Token(second));
        await IssueAsync("second", second);
        // At once, although the registry was read a moment ago: what was recorded before the request must be found.
        await GetAsync(Deletions, Token(second));
        await GetAsync(Deletions, Token(first));
        await IssueAsync("third", third);
        await GetAsync(Deletions, Token(third));
        await RefusedAsync(Token(first));
    }

    [SkippableFact]
    public async Task The_claim_appId_exactly_so_spelled_names_the_client()
    {
        var secret = RandomNumberGenerator.GetBytes(64);
        var client = await ClientAsync(secret, scopes: Scope.DeleteConversations);
        await GetAsync(Deletions, Tokens.HS256(secret, $$"""{"appId":"{{client}}"}"""));
        foreach (var (claim, name) in new[] { ("appid", client), ("AppId", client), ("sub", client), ("appId", client.ToUpperInvariant()) })
            await RefusedAsync(Tokens.HS256(secret, $$"""{"{{claim}}":"{{name}}"}"""));
    }

    [SkippableFact]
    public async Task Exp_nbf_and_iat_are_honoured_when_present_with_60_seconds_of_skew()
    {
        var token = await SignerAsync();
        foreach (var (claim, accepted, refused) in new[] { ("exp", -30, -61), ("nbf", 30, 120), ("iat", 30, 120) })
        {
            await GetAsync(Deletions, token($"\"{claim}\":{Seconds(accepted)}"));
            await RefusedAsync(token($"\"{claim}\":{Seconds(refused)}"));
        }
        await GetAsync(Deletions, token($"\"exp\":{Seconds(999_999)}"));
        await RefusedAsync(token("\"exp\":\"tomorrow\""));
    }

    [SkippableFact]
    public async Task Exp_is_optional_unless_the_client_is_registered_with_requireExpiry()
    {
        await GetAsync(Deletions, (await SignerAsync())("\"sub\":\"any\""));
        var secret = RandomNumberGenerator.GetBytes(64);
        var client = await ClientAsync(secret, requireExpiry: true, scopes: Scope.DeleteConversations);
        await RefusedAsync(Tokens.HS256(secret, $$"""{"appId":"{{client}}"}"""));
        await GetAsync(Deletions, Tokens.HS256(secret, $$"""{"appId":"{{client}}","exp":{{Seconds(60)}}}"""));
    }

    [SkippableFact]
    public async Task With_jti_exp_must_be_at_most_an_hour_away()
    {
        var token = await SignerAsync();
        const string message = "error verifying the jwt: if \"jti\" claim \"exp\" must be <= 1 hour(s)";
        (await GetAsync(Deletions, token("\"jti\":\"far\""), 401)).IsError(401, 401, message);
        (await GetAsync(Deletions, token($"\"jti\":\"far\",\"exp\":{Seconds(3700)}"), 401)).IsError(401, 401, message);
        await GetAsync(Deletions, token($"\"jti\":\"far\",\"exp\":{Seconds(3500)}"));
    }

    [SkippableFact]
    public async Task A_jti_works_once_whatever_the_answer()
    {
        var token = await SignerAsync();
        var one = token($"\"jti\":\"one\",\"exp\":{Seconds(600)}");
        await GetAsync(Deletions, one);
        (await GetAsync(Deletions, one, 401)).IsError(401, 401, Replay);
        // Another token with the same jti is a replay too.
        (await GetAsync(Deletions, token($"\"jti\":\"one\",\"exp\":{Seconds(700)}"), 401)).IsError(401, 401, Replay);

        var wasted = token($"\"jti\":\"two\",\"exp\":{Seconds(600)}");
        (await GetAsync($"{Deletions}/no-job", wasted, 404)).IsError(404, 404);
        (await GetAsync(Deletions, wasted, 401)).IsError(401, 401, Replay);

        // Not authenticated: not consumed.
        var kept = token($"\"jti\":\"three\",\"exp\":{Seconds(600)}");
        (await GetAsync(DeletionsOf("st-unknown"), kept, 401)).IsError(401, 4002, InvalidCredentials);
        await GetAsync("/health/live", kept);
        (await GetAsync("/nowhere", kept, 404)).IsError(404, 404);
        await GetAsync(Deletions, kept);
    }

    [SkippableFact]
    public async Task Of_many_uses_of_a_jti_at_once_one_is_let_in()
    {
        var token = (await SignerAsync())($"\"jti\":\"race\",\"exp\":{Seconds(600)}");
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            using var answer = await Node.SendAsync(HttpMethod.Get, Deletions, token: token);
            return (int)answer.StatusCode;
        }));
        Assert.Equal([200, .. Enumerable.Repeat(401, 15)], answers.Order());
    }

    [SkippableFact]
    public async Task A_used_jti_is_remembered_until_its_token_expires_and_never_as_it_was_sent()
    {
        var token = await SignerAsync();
        await GetAsync(Deletions, token($"\"jti\":\"c-69eb0c87\",\"exp\":{Seconds(600)}"));
        Assert.Equal(0, await Node.ScalarAsync<long>("select count(*) from ledger.used_tokens t where t::text like '%69eb0c87%'"));
        Assert.Equal(1, await Node.ScalarAsync<long>("select count(*) from ledger.used_tokens where jti_digest = sha256('c-69eb0c87')"));

        var live = await Node.ScalarAsync<long>("select count(*) from ledger.used_tokens");
        await Node.ExecuteAsync(
            """
            insert into ledger.used_tokens
            select 'cs-old', sha256(n::text::bytea), now() - interval '1 day' from generate_series(1, 25000) n
            """);
        await ActivatorUtilities.CreateInstance<Expiry>(Node.Services).RunOnceAsync(CancellationToken.None);
        Assert.Equal(live, await Node.ScalarAsync<long>("select count(*) from ledger.used_tokens"));
    }

    [SkippableFact]
    public async Task A_client_is_registered_for_bots_and_scopes_and_each_scope_opens_its_own_calls()
    {
        var job = await JobAsync("""{"cId":"nobody"}""");
        await Node.RunSlicesAsync();
        var calls = new (string Path, Scope[] Scopes)[]
        {
            (Deletions, [Scope.DeleteConversations, Scope.LedgerAudit]),
            (job, [Scope.DeleteConversations]),
            ($"{job}/events", [Scope.LedgerAudit]),
            ($"{job}/proof", [Scope.ErasureProofs]),
            (ChangeLogs.Entries.ChangeLogPath(Bot), [Scope.LogsHistory]),
        };
        var elsewhere = await Node.AddBotAsync();
        foreach (var scope in Enum.GetValues<Scope>())
        {
            var token = await TokenAsync(scope);
            foreach (var (path, scopes) in calls)
                await GetAsync(path, token, scopes.Contains(scope) ? 200 : 403);
            (await GetAsync(DeletionsOf(elsewhere), token, 401)).IsError(401, 4002, InvalidCredentials);
        }
    }

    [SkippableFact]
    public async Task A_new_grant_counts_at_once()
    {
        var secret = RandomNumberGenerator.GetBytes(64);
        var client = await ClientAsync(secret, scopes: Scope.LogsHistory);
        var token = Tokens.HS256(secret, $$"""{"appId":"{{client}}"}""");
        (await GetAsync(Deletions, token, 403)).IsError(403, 4002, "Permission denied. Scope is incorrect!");
        await GrantAsync(client, Scope.DeleteConversations);
        await GetAsync(Deletions, token);
    }

    [SkippableFact]
    public async Task Ledger_Audit_for_all_bots_counts_for_those_to_come_until_it_is_taken_away_and_opens_nothing_else()
    {
        var job = await JobAsync("""{"cId":"nobody"}""");
        await Node.RunSlicesAsync();
        await Node.WriteLogAsync();
        var secret = RandomNumberGenerator.GetBytes(64);
        var client = await ClientAsync(secret, scopes: Scope.LogsHistory);
        var token = Tokens.HS256(secret, $$"""{"appId":"{{client}}"}""");
        const string Entries = "/log/tile/entries/000.p/1";
        await GetAsync(Entries, token, 403);
        Assert.Null(await Node.Registry.ExecuteOnClientAsync(client, new GrantLedgerAudit(client, "test", null), null, default));
        await GetAsync(Entries, token);
        var other = await Node.AddBotAsync(); // which nobody granted the client
        foreach (var path in new[] { Entries, $"{job}/events", $"{job}/outcomes", Deletions, DeletionsOf(other) })
            await GetAsync(path, token);
        await GetAsync(job, token, 403);
        (await AnswerAsync(403, s => s.Target("POST", DeletionsOf(other)).Sending("""{"cId":"nobody"}""").As(token))).IsError(403, 4002);
        await GetAsync($"/api/public/bot/{Bot}/changelogs", token); // the grant for the single bot stays beside it
        Assert.Null(await Node.Registry.ExecuteOnClientAsync(client, new RevokeLedgerAudit(client, "test", null), null, default));
        await Node.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(Node.Time.GetTimestamp(), default);
        await GetAsync(Entries, token, 403);
        await GetAsync(DeletionsOf(other), token, 401);
        await GetAsync($"/api/public/bot/{Bot}/changelogs", token);
    }

    private long Seconds(int fromNow) => Node.Time.GetUtcNow().ToUnixTimeSeconds() + fromNow;

    /// <summary>Signs tokens of a client with Delete Conversations, with these claims beside <c>appId</c>.</summary>
    private async Task<Func<string, string>> SignerAsync()
    {
        var secret = RandomNumberGenerator.GetBytes(64);
        var client = await ClientAsync(secret, scopes: Scope.DeleteConversations);
        return claims => Tokens.HS256(secret, $$"""{"appId":"{{client}}",{{claims}}}""");
    }

    private async Task RefusedAsync(string token) => (await GetAsync(Deletions, token, 401)).IsError(401, 4002, InvalidCredentials);
}
