using System.Net;
using System.Security.Cryptography;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.SystemTests.Browser;
using Ledger.SystemTests.Execution;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>Sessions and progress streams last as long as what they were made with, on every node.</summary>
public sealed class EndedWithTheSecretTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableFact]
    public async Task A_retired_secret_a_revoked_client_and_a_lost_grant_end_what_they_made_on_every_node()
    {
        await using var service = await shared.WithOwnBotAsync();
        var second = await service.AddNodeAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });

        var leaked = await service.RegisterClientAsync("cs-leaked", Scope.DeleteConversations, Scope.LedgerAudit);
        var fresh = RegistryStore.NewSecret();
        await OnClientAsync(service, new IssueSecret("cs-leaked", fresh.SecretId, "test", null), fresh.Secret);
        using var thief = new Person(service);
        using var owner = new Person(service);
        await thief.SignInAsync(TestService.Sign("cs-leaked", leaked));
        await owner.SignInAsync(TestService.Sign("cs-leaked", fresh.Secret));
        using var thiefs = await ProgressStream.OpenAsync(service, job, token: TestService.Sign("cs-leaked", leaked), node: second);
        using var thiefsPage = await ProgressStream.OpenAsync(service, job, cookie: thief.Session, node: second);
        using var owners = await ProgressStream.OpenAsync(service, job, token: TestService.Sign("cs-leaked", fresh.Secret), node: second);
        foreach (var stream in new[] { thiefs, thiefsPage, owners })
            Assert.Equal("queued waiting 0/0", await stream.NextAsync());
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await EnterAsync(thief), await EnterAsync(thief, second)));

        await OnClientAsync(service, new RetireOldSecrets("cs-leaked", "test", null));
        Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Redirect), (await EnterAsync(thief), await EnterAsync(thief, second)));
        Assert.Empty(await thiefs.RestAsync());
        Assert.Empty(await thiefsPage.RestAsync());
        // Whoever has the secret that is left notices nothing.
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await EnterAsync(owner), await EnterAsync(owner, second)));
        await service.RunSlicesAsync();
        while (await owners.NextAsync() is var next && !next.StartsWith("completed", StringComparison.Ordinal))
            Assert.StartsWith("queued", next, StringComparison.Ordinal);

        Assert.Null(await service.Registry.ExecuteAsync(
            service.Bot, new RevokeGrant(service.Bot, "cs-leaked", "test", null), CancellationToken.None));
        await Steps.UntilAsync(
            "without a grant the session goes on", async () => await EnterAsync(owner, second) == HttpStatusCode.Redirect);
    }

    [SkippableFact]
    public async Task A_client_that_signs_with_its_own_key_and_a_session_that_was_left_end_their_streams_too()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = key.ExportSubjectPublicKeyInfoPem();
        await OnClientAsync(service, new AddClient("cs-own", TokenAlgorithm.ES256, pem, false, null, "test", null));
        Assert.Null(await service.Registry.ExecuteAsync(
            service.Bot, new GrantClient(service.Bot, "cs-own", [Scope.DeleteConversations], "test", null), CancellationToken.None));
        var token = Tests.Http.Tokens.ES256(key, """{"appId":"cs-own"}""");
        using var person = new Person(service);
        await person.SignInAsync(token);
        Assert.Equal(HttpStatusCode.OK, await EnterAsync(person));
        using var own = await ProgressStream.OpenAsync(service, job, token: token);
        using var left = await ProgressStream.OpenAsync(service, job, cookie: person.Session);
        await own.NextAsync();
        await left.NextAsync();

        (await person.PostAsync("/logout", [])).Dispose();
        Assert.Empty(await left.RestAsync());
        await person.SignInAsync(token);
        await OnClientAsync(service, new RevokeClient("cs-own", "test", null));
        Assert.Empty(await own.RestAsync());
        await Steps.UntilAsync("the client is still let in", async () => await EnterAsync(person) == HttpStatusCode.Redirect);
    }

    private static async Task OnClientAsync(TestService service, RegistryCommand command, byte[]? secret = null)
    {
        var client = command switch
        {
            IssueSecret issue => issue.Client,
            RetireOldSecrets retire => retire.Client,
            RevokeClient revoke => revoke.Client,
            AddClient add => add.Client,
            _ => throw new ArgumentOutOfRangeException(nameof(command)),
        };
        Assert.Null(await service.Registry.ExecuteOnClientAsync(client, command, secret, CancellationToken.None));
    }

    /// <summary>What a page answers: 200, or the way to the sign-in.</summary>
    private static async Task<HttpStatusCode> EnterAsync(Person person, HttpClient? node = null)
    {
        using var answer = await person.GetAsync(node is null ? "/" : new Uri(node.BaseAddress!, "/").ToString());
        return answer.StatusCode;
    }
}
