using System.Net;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Ledger.SystemTests.Browser;

/// <summary>Signing in and out, and what the session's cookie is good for.</summary>
public sealed class SessionTests(SharedService shared) : IClassFixture<SharedService>
{
    private static readonly TestServiceOptions s_ownClock = new() { OwnClock = true };

    [SkippableFact]
    public async Task A_token_is_exchanged_for_a_cookie_that_scripts_and_other_sites_cannot_use_and_of_which_only_a_digest_is_kept()
    {
        await using var service = await shared.WithOwnBotAsync();
        using var person = new Person(service);
        using var answer = await person.SignInAsync(service.Token(), "/jobs?status=failed");
        Assert.Equal((HttpStatusCode.SeeOther, "/jobs?status=failed"), (answer.StatusCode, answer.Headers.Location!.ToString()));
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie")).ToLowerInvariant();
        Assert.Equal(["httponly", "path=/", "samesite=strict"], cookie.Split("; ")[1..].Order());
        Assert.True(Convert.FromBase64String(person.Session!.Replace('-', '+').Replace('_', '/') + "=").Length == 32);
        Assert.Equal(
            0,
            await service.ScalarAsync<long>(
                "select count(*) from ledger.console_sessions s where s::text like '%' || $1 || '%'", person.Session!)
        );
        Assert.Equal(
            1,
            await service.ScalarAsync<long>(
                "select count(*) from ledger.console_sessions where id_digest = sha256($1::bytea) and client_id = 'cs-test-client'",
                System.Text.Encoding.ASCII.GetBytes(person.Session!))
        );
    }

    [SkippableFact]
    public async Task Behind_a_proxy_that_speaks_https_the_cookie_is_sent_over_https_alone()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Http = new HttpOptions { PublicUrl = new Uri("https://ledger.example/") } }
        );
        using var person = new Person(service);
        using var answer = await person.PostAsync("/login", new() { ["token"] = service.Token() }, from: "https://ledger.example");
        Assert.Contains("; secure", Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
    }

    [SkippableTheory]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("https://evil.example/")]
    [InlineData("/\t/evil.example/")]
    [InlineData("evil")]
    [InlineData("")]
    public async Task Signing_in_leads_to_pages_of_this_service_only(string next)
    {
        await using var service = await shared.WithOwnBotAsync();
        using var person = new Person(service);
        using var answer = await person.SignInAsync(service.Token(), next);
        Assert.Equal("/", answer.Headers.Location!.ToString());
    }

    [SkippableFact]
    public async Task Without_a_session_every_page_leads_to_the_sign_in_and_back()
    {
        await using var service = await shared.WithOwnBotAsync();
        using var person = new Person(service);
        foreach (
            var path in new[] { "/", "/jobs?status=failed", "/jobs/a%2Fb/cdj-1", "/log", "/bots", "/messages", "/jobs/a/cdj-1/certificate" }
        )
        {
            using var answer = await person.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.Redirect), (path, answer.StatusCode));
            Assert.Equal($"/login?next={Uri.EscapeDataString(path)}", answer.Headers.Location!.ToString());
        }
        Assert.Contains("ledger token --client", await person.TextAsync("/login"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_token_that_is_refused_says_what_to_do_and_one_without_a_grant_says_that()
    {
        await using var service = await shared.WithOwnBotAsync();
        using var person = new Person(service);
        using (var bad = await person.SignInAsync("a.b.c"))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, bad.StatusCode);
            Assert.Contains("This token is not accepted", await bad.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        var (id, secret) = RegistryStore.NewSecret();
        Assert.Null(
            await service.Registry.ExecuteOnClientAsync(
                "cs-lonely", new AddClient("cs-lonely", TokenAlgorithm.HS256, null, false, id, "test", null), secret,
                CancellationToken.None)
        );
        using (var lonely = await person.SignInAsync(TestService.Sign("cs-lonely", secret)))
        {
            Assert.Equal(HttpStatusCode.Forbidden, lonely.StatusCode);
            Assert.Contains("ledger client grant cs-lonely", await lonely.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        Assert.Null(person.Session);
        var once = TestService.Sign(
            TestService.ClientId,
            service.Secret,
            claims: new Dictionary<string, object>
            {
                ["jti"] = "once",
                ["exp"] = service.Time.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds(),
            }
        );
        using (var first = await person.SignInAsync(once))
            Assert.Equal(HttpStatusCode.SeeOther, first.StatusCode);
        using var again = await person.SignInAsync(once);
        Assert.Contains("was used before", await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_session_ends_with_sign_out_an_idle_hour_or_after_eight_hours_and_expired_ones_are_deleted()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        using var person = new Person(service);
        await person.SignInAsync(service.Token());
        await ExpectAsync(person, signedIn: true);
        for (var minutes = 0; minutes < 7 * 60 + 50; minutes += 50)
        {
            await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(50)); // used: goes on
            await ExpectAsync(person, signedIn: minutes + 50 < 8 * 60);
        }
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(11));
        await ExpectAsync(person, signedIn: false);

        await person.SignInAsync(service.Token());
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(50));
        // A page that lies open asks by itself: that is no use.
        Assert.Equal(HttpStatusCode.NotFound, (await person.GetAsync($"{service.Deletions}/{Guid.Empty}/progress")).StatusCode);
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(11)); // not used
        await ExpectAsync(person, signedIn: false);

        await person.SignInAsync(service.Token());
        using (var left = await person.PostAsync("/logout", []))
            Assert.Equal("/login", left.Headers.Location!.ToString());
        await ExpectAsync(person, signedIn: false);

        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(10));
        await service.Services.GetServices<IHostedService>().OfType<Expiry>().Single().RunOnceAsync(CancellationToken.None);
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from ledger.console_sessions"));
    }

    [SkippableFact]
    public async Task What_is_revoked_is_gone_from_a_session_at_once()
    {
        await using var service = await TestService.StartAsync();
        using var person = new Person(service);
        await service.AddBotAsync("st-second");
        await person.SignInAsync(service.Token());
        Assert.Contains("st-second", await person.TextAsync("/bots"), StringComparison.Ordinal);
        Assert.Null(
            await service.Registry.ExecuteAsync(
                "st-second", new RevokeGrant("st-second", TestService.ClientId, "test", null), CancellationToken.None)
        );
        await Execution.Steps.UntilAsync(
            "the bot is still shown", async () => !(await person.TextAsync("/bots")).Contains("st-second", StringComparison.Ordinal));
        Assert.Null(
            await service.Registry.ExecuteOnClientAsync(
                TestService.ClientId, new RevokeClient(TestService.ClientId, "test", null), null, CancellationToken.None)
        );
        await Execution.Steps.UntilAsync(
            "the client is still let in", async () => (await person.GetAsync("/")).StatusCode == HttpStatusCode.Redirect);
    }

    [SkippableFact]
    public async Task The_cookie_reads_from_the_API_with_the_same_scopes_and_changes_nothing_there()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var person = new Person(service);
        await person.SignInAsync(service.Token(Scope.LedgerAudit));
        async Task<int> StatusAsync(string path, string? site = null, HttpMethod? method = null) =>
            (int)(await person.GetAsync(path, site, method)).StatusCode;
        Assert.Equal(200, await StatusAsync(service.Deletions));
        Assert.Equal(200, await StatusAsync(service.Deletions, "same-origin"));
        Assert.Equal(403, await StatusAsync($"{service.Deletions}/{job}")); // needs Delete Conversations
        Assert.Equal(401, await StatusAsync("/api/public/bot/st-none/conversations/delete"));
        Assert.Equal(401, await StatusAsync(service.Deletions, "cross-site"));
        Assert.Equal(401, await StatusAsync(service.Deletions, "same-site"));
        Assert.Equal(401, await StatusAsync(service.Deletions, method: HttpMethod.Post));
    }

    [SkippableFact]
    public async Task A_form_of_another_site_changes_nothing_here()
    {
        await using var service = await shared.WithOwnBotAsync();
        using var person = new Person(service);
        await person.SignInAsync(service.Token());
        foreach (
            var (path, from) in new[]
            {
                ("/logout", "https://evil.example"),
                ("/messages/retry", "null"),
                ("/login", "https://evil.example"),
            }
        )
        {
            using var answer = await person.PostAsync(path, new() { ["token"] = service.Token() }, from);
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, answer.StatusCode));
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }
        await ExpectAsync(person, signedIn: true);
    }

    [SkippableFact]
    public async Task A_link_from_another_site_arrives_signed_in()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        await using var service = await shared.WithOwnBotAsync();
        var (page, problems) = await Visitor.OpenAsync(service);
        await page.SignInAsync(service.Token());
        // To a browser localhost is another site than 127.0.0.1, where the session's cookie is.
        await page.RouteAsync(
            "http://localhost:9/mail",
            route => route.FulfillAsync(new() { ContentType = "text/html", Body = $"<a href=\"{service.Client.BaseAddress}log\">link</a>" })
        );
        await page.GotoAsync("http://localhost:9/mail");
        await page.FollowAsync(page.GetByText("link"));
        await Microsoft.Playwright.Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Transparency log");
        Assert.Empty(problems);
        await page.Context.CloseAsync();
    }

    [SkippableFact]
    public async Task Errors_are_pages_to_a_person_at_the_console_and_the_envelope_to_programs()
    {
        await using var service = await shared.WithOwnBotAsync();
        using var person = new Person(service);
        await person.SignInAsync(service.Token());
        foreach (
            var (path, status, isPage) in new[]
            {
                ("/nothing", 404, true),
                ("/jobs/a/b", 404, true),
                ("/logout", 405, true),
                ("/jobs?status=lost", 400, true),
                ("/api/public/nothing", 404, false),
                ("/log/tile/0/999", 404, false),
                ("/assets/none", 404, false),
            }
        )
        {
            using var answer = await person.GetAsync(path);
            Assert.Equal(
                (path, status, isPage ? "text/html" : "application/json"),
                (path, (int)answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        }
        using var program = await service.Client.GetAsync(new Uri("/nothing", UriKind.Relative));
        Assert.Equal("application/json", program.Content.Headers.ContentType!.MediaType);
    }

    [SkippableFact]
    public async Task While_the_database_is_away_a_page_says_so()
    {
        await using var api = await Http.ApiService.StartAsync();
        using var person = new Person(api.Node);
        await person.SignInAsync(api.Node.Token());
        await api.Node.Database.TakeAwayAsync();
        using var answer = await person.GetAsync("/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("The database cannot be reached at the moment", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await api.Node.Database.GiveBackAsync();
    }

    private static async Task ExpectAsync(Person person, bool signedIn)
    {
        using var answer = await person.GetAsync("/");
        Assert.Equal(signedIn ? HttpStatusCode.OK : HttpStatusCode.Redirect, answer.StatusCode);
    }
}
