using System.Security.Cryptography;
using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Http;
using Ledger.Tests.Http;
using Ledger.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Contract;

/// <summary>Contract §5, a scenario for each row. That a refused request has recorded nothing is held in each.</summary>
public sealed class ErrorRules(ContractHost host) : ContractTest(host)
{
    private const string Nobody = """{"cId":"nobody"}""";
    private const string NoJob = "cdj-00000000-0000-5000-8000-000000000000";

    [SkippableFact]
    public async Task All_causes_of_401_have_one_and_the_same_answer()
    {
        var secret = RandomNumberGenerator.GetBytes(64);
        var client = await ClientAsync(secret, scopes: Scope.DeleteConversations);
        string Token(string claims) => Tokens.HS256(secret, $$"""{"appId":"{{client}}",{{claims}}}""");
        var good = Token("\"sub\":\"test\"");
        var revoked = await ClientAsync(secret, scopes: Scope.DeleteConversations);
        // A client's secrets go when it is revoked, and a key of its own stays in its record.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = key.ExportSubjectPublicKeyInfoPem();
        var revokedKey = await ClientAsync(null, TokenAlgorithm.ES256, pem, scopes: Scope.DeleteConversations);
        await GetAsync(Deletions, Tokens.ES256(key, $$"""{"sub":"test","appId":"{{revokedKey}}"}"""));
        foreach (var gone in new[] { revoked, revokedKey })
        {
            var revoke = new RevokeClient(gone, "test", null);
            Assert.Null(await Node.Registry.ExecuteOnClientAsync(gone, revoke, null, CancellationToken.None));
        }
        var ungranted = await ClientAsync(secret, scopes: Scope.DeleteConversations);
        Assert.Null(await Node.Registry.ExecuteAsync(Bot, new RevokeGrant(Bot, ungranted, "test", null), CancellationToken.None));
        var (others, encoded) = (await Node.AddBotAsync(), await Node.AddBotAsync($"{Bot}/x"));
        await GetAsync(Deletions, good);

        (string? Token, string Bot)[] causes =
        [
            (null, Bot), ("", Bot), ("x", Bot), (good[..^3], Bot), (new string('A', 9000), Bot), ($"Bearer {good}", Bot),
            (good, "st-unknown"), (good, new string('b', 129)), (good, Bot.ToUpperInvariant()), (good, others),
            (good, Uri.EscapeDataString(encoded)),
            (Tokens.HS256(secret, """{"appId":"cs-nobody"}"""), Bot),
            (Tokens.HS256(secret, $$"""{"appId":"{{revoked}}"}"""), Bot),
            (Tokens.ES256(key, $$"""{"sub":"test","appId":"{{revokedKey}}"}"""), Bot),
            (Tokens.HS256(secret, $$"""{"appId":"{{ungranted}}"}"""), Bot),
            (Tokens.HS256(RandomNumberGenerator.GetBytes(64), $$"""{"appId":"{{client}}"}"""), Bot),
            (Token($"\"exp\":{Seconds(-61)}"), Bot), (Token($"\"nbf\":{Seconds(+120)}"), Bot), (Token($"\"iat\":{Seconds(+120)}"), Bot),
            (Token("\"exp\":\"tomorrow\""), Bot),
        ];
        var bodies = new HashSet<string>();
        foreach (var (token, bot) in causes)
        {
            var answer = await RefusedAsync(401, 4002, "", s => s.Target("POST", DeletionsOf(bot)).Sending(Nobody).As(token));
            bodies.Add(answer.Body);
        }
        Assert.Equal("""{"errors":[{"msg":"Invalid SDK credentials","code":4002}]}""", Assert.Single(bodies));
    }

    [SkippableFact]
    public async Task A_scope_that_is_not_granted_is_403()
    {
        var (logs, audit) = (await TokenAsync(Scope.LogsHistory), await TokenAsync(Scope.LedgerAudit));
        foreach (var (method, path, token) in new[]
        {
            ("POST", Deletions, logs), ("POST", Deletions, audit), ("GET", Deletions, logs),
            ("GET", $"{Deletions}/x", audit), ("POST", $"{Deletions}/x", audit), ("GET", $"{Deletions}/x/outcomes", logs),
            ("GET", $"{Deletions}/x/proof", audit), ("POST", $"{Deletions}/x/proof", logs),
        })
        {
            var answer = await RefusedAsync(403, 4002, "", s => s.Target(method, path).Sending(method == "POST" ? Nobody : "").As(token));
            Assert.Equal("""{"errors":[{"msg":"Permission denied. Scope is incorrect!","code":4002}]}""", answer.Body);
        }
    }

    [SkippableFact]
    public async Task A_wrong_method_is_405_with_allow_before_anything_else()
    {
        foreach (var (path, methods, allowed) in new[]
        {
            ("", "PUT PATCH DELETE OPTIONS TRACE FOO", "GET, HEAD, POST"),
            ($"/{NoJob}", "PUT OPTIONS TRACE", "DELETE, GET, HEAD, PATCH, POST"),
            ($"/{NoJob}/outcomes", "POST PUT DELETE OPTIONS", "GET, HEAD"),
            ($"/{NoJob}/proof", "PUT PATCH DELETE OPTIONS", "GET, HEAD, POST"),
        })
        {
            foreach (var method in methods.Split(' '))
            {
                var answer = await RefusedAsync(405, 405, allowed, s => s.Target(method, Deletions + path).As(null));
                Assert.Equal(allowed, answer.Header("Allow"));
            }
        }
    }

    [SkippableFact]
    public async Task Malformed_json_and_a_broken_rule_are_400_and_name_what_is_wrong()
    {
        foreach (var (body, message) in new[]
        {
            ("", "the body is empty"), ("{", "not valid JSON"), ("[]", "must be a JSON object"), ("null", "must be a JSON object"),
            ("{'cId':'u'}", "not valid JSON"), ("""{"cId":"u"} x""", "not valid JSON"), ("\uFEFF{\"cId\":\"u\"}", "byte order mark"),
            ("""{"cId":"u","enddate":"2026-05-01"}""", "endDate in another letter case"),
        })
            await RefusedSubmitAsync(body, message);
    }

    [SkippableFact]
    public async Task What_is_not_announced_as_json_is_415()
    {
        foreach (var type in new[]
        {
            null, "", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=iso-8859-1", "application/jsonp",
        })
            await RefusedAsync(415, 415, "Content-Type must be application/json", s => s.Target("POST", Deletions).Sending(Nobody, type));
        await RefusedAsync(415, 415, "", s => s.Target("POST", Deletions).Sending(Nobody).With("Content-Encoding", "gzip"));
    }

    [SkippableFact]
    public async Task A_body_whose_coding_is_identity_is_not_compressed()
    {
        foreach (var coding in new[] { "identity", "Identity, identity", "" })
            await AnswerAsync(202, s => s.Target("POST", Deletions).Sending(Nobody).With("Content-Encoding", coding));
        await RefusedAsync(415, 415, "", s => s.Target("POST", Deletions).Sending(Nobody).With("Content-Encoding", "identity, gzip"));
    }

    [SkippableFact]
    public async Task A_body_over_128_KiB_is_413()
    {
        await SubmitAsync(Nobody.PadRight(128 * 1024));
        await RefusedAsync(413, 413, "at most 131072 bytes", s => s.Target("POST", Deletions).Sending(Nobody.PadRight(128 * 1024 + 1)));
    }

    [SkippableFact]
    public async Task An_unknown_path_is_404_with_any_method_and_without_a_token()
    {
        foreach (var path in new[]
        {
            "/api/public/bot", "/api/public/bot//conversations/delete", "/api/public/bot/st-1/conversations",
            "/api/public/bot/st-1/conversations/delete/x/y", "/openapi/v2.json", "/health",
        })
        {
            foreach (var method in new[] { "GET", "POST", "DELETE", "OPTIONS", "FOO" })
                (await AnswerAsync(404, s => s.Target(method, path).As(null))).IsError(404, 404, "there is nothing at this path");
        }
    }

    [SkippableFact]
    public async Task An_unknown_job_and_a_conversation_that_its_job_has_not_are_404()
    {
        var job = await JobAsync(Nobody);
        await Node.RunSlicesAsync();
        foreach (var call in new[] { "", "/outcomes", "/events", "/proof", "/certificate", "/progress" })
            await RefusedAsync(404, 404, "there is no such job", s => s.Target("GET", $"{Deletions}/{NoJob}{call}"));
        await RefusedAsync(404, 404, "the job has no outcome", s => s.Target("POST", $"{job}/proof").Sending("""{"conversationId":"c"}"""));
    }

    [SkippableFact]
    public async Task What_the_jobs_state_does_not_allow_is_409()
    {
        var job = await JobAsync(Nobody);
        foreach (var call in new[] { "proof", "certificate" })
            await RefusedAsync(409, 409, "the job has not ended", s => s.Target("GET", $"{job}/{call}"));
        await RefusedAsync(409, 409, "the job has not ended", s => s.Target("POST", $"{job}/proof").Sending("""{"conversationId":"c"}"""));
    }

    [SkippableFact]
    public async Task A_race_that_is_lost_repeatedly_is_409()
    {
        var job = await JobAsync("""{"conversationIds":["c"]}""");
        await Node.RunSlicesAsync();
        await Node.LoseRacesAsync(Bot);
        try
        {
            // Each hands out identifiers, which is recorded first.
            foreach (var call in new[] { "outcomes", "events", "proof" })
                await RefusedAsync(409, 409, "the job changed at the same moment", s => s.Target("GET", $"{job}/{call}"));
        }
        finally
        {
            await Node.LoseNoMoreRacesAsync();
        }
        await GetAsync($"{job}/outcomes");
    }

    [SkippableFact]
    public async Task A_window_that_never_opens_again_is_409_which_names_it()
    {
        var over = $"over-{Bot}";
        var define = new DefineWindow(over, "0 0 0 29 2 ?", "UTC", 60, 1, "test", null);
        Assert.Null(await Node.Registry.DefineWindowAsync(define, CancellationToken.None));
        var bot = await Node.AddBotAsync(window: over);
        await Node.ExecuteAsync(
            """
            update ledger.mt_doc_deletionwindow set data = data || '{"cron":"0 0 0 30 2 ?"}', mt_last_modified = now()
            where data ->> 'name' = $1
            """, over);
        await Node.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(Node.Time.GetTimestamp(), CancellationToken.None);
        var message = $"the bot's window '{over}' never opens again";
        await RefusedAsync(409, 409, message, s => s.Target("POST", DeletionsOf(bot)).Sending(Nobody));
    }

    [SkippableFact]
    public async Task Over_60_submits_a_minute_of_a_bot_is_429_until_the_minute_ends()
    {
        var other = await Node.AddBotAsync();
        await TurnOfAnHourAsync();
        await TimesAsync(60, () => SubmitAsync(Nobody));
        var refused = await RefusedAsync(429, 429, "too many requests", s => s.Target("POST", Deletions).Sending(Nobody));
        var wait = int.Parse(refused.Header("Retry-After")!);
        Assert.InRange(wait, 1, 60);
        await SubmitAsync(Nobody, bot: other);
        await Node.Clock.AdvanceAsync(TimeSpan.FromSeconds(wait));
        await SubmitAsync(Nobody);
    }

    [SkippableFact]
    public async Task Over_1800_submits_an_hour_of_a_bot_is_429_until_the_hour_ends()
    {
        await TurnOfAnHourAsync();
        await SubmitAsync(Nobody);
        // The other 1,799 as the node counts them when they arrive: 59 in this minute, 60 in each of 29 more.
        var limits = Node.Services.GetRequiredService<RateLimits>();
        for (var counted = 1; counted < 1800; counted++)
        {
            if (counted % 60 == 0)
                await Node.Clock.AdvanceAsync(TimeSpan.FromMinutes(1));
            Assert.Null(limits.SecondsToWait(LimitedCall.Submit, Bot));
        }
        await Node.Clock.AdvanceAsync(TimeSpan.FromMinutes(1));
        var refused = await RefusedAsync(429, 429, "too many requests", s => s.Target("POST", Deletions).Sending(Nobody));
        var wait = int.Parse(refused.Header("Retry-After")!);
        Assert.InRange(wait, 61, 1800);
        await Node.Clock.AdvanceAsync(TimeSpan.FromSeconds(wait));
        await SubmitAsync(Nobody);
    }

    [SkippableFact]
    public async Task Over_60_polls_a_minute_of_a_job_is_429_and_without_a_token_it_is_401()
    {
        var (job, other) = (await JobAsync(Nobody), await JobAsync(Nobody));
        await TurnOfAnHourAsync();
        await TimesAsync(60, () => GetAsync(job));
        (await GetAsync(job, 429)).IsError(429, 429, "too many requests");
        var posted = await RefusedAsync(429, 429, "too many requests", s => s.Target("POST", job).Sending(""));
        Assert.InRange(int.Parse(posted.Header("Retry-After")!), 1, 60);
        await GetAsync(other);
        // Nobody is limited who has not said who he is.
        (await GetAsync(job, "x", 401)).IsError(401, 4002);
    }

    [SkippableFact]
    public async Task A_bot_may_have_limits_of_its_own()
    {
        await TurnOfAnHourAsync();
        async Task LimitAsync(BotLimits limits)
        {
            Assert.Null(await Node.Registry.ExecuteAsync(Bot, new SetBotLimits(Bot, limits, "test", null), default));
            await Node.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(Node.Time.GetTimestamp(), default);
        }
        await LimitAsync(new BotLimits(SubmitsPerMinute: 2, null, null, PollsPerHour: 1));
        var first = await SubmitAsync(Nobody);
        Assert.StartsWith("\"submits-per-minute\";q=2;w=60, \"submits-per-hour\";q=1800;", first.Header("RateLimit-Policy"));
        await SubmitAsync(Nobody);
        await RefusedAsync(429, 429, "too many requests", s => s.Target("POST", Deletions).Sending(Nobody));
        await SubmitAsync(Nobody, bot: await Node.AddBotAsync());
        await GetAsync(first.Header("Location")!);
        Assert.StartsWith("\"polls-per-hour\";r=0;", (await GetAsync(first.Header("Location")!, 429)).Header("RateLimit"));
        await LimitAsync(new BotLimits(0, null, null, 0)); // as the node has it
        await SubmitAsync(Nobody);
        await GetAsync(first.Header("Location")!);
    }

    [SkippableFact]
    public async Task What_no_checkpoint_covers_yet_is_503_with_retry_after()
    {
        await Node.RunSlicesAsync();
        var job = await JobAsync(Nobody);
        await Node.Services.RunSliceAsync("test"); // and the log is not written
        var answer = await RefusedAsync(503, 503, "no published checkpoint yet", s => s.Target("GET", $"{job}/proof"));
        Assert.True(int.Parse(answer.Header("Retry-After")!) > 0);
        await Node.WriteLogAsync();
        await GetAsync($"{job}/proof");
    }

    [SkippableFact]
    public async Task Without_the_database_requests_are_503_with_retry_after_until_it_is_back()
    {
        await SubmitAsync(Nobody);
        await Node.WriteLogAsync(); // a log that was not written for long is not ready either
        await GetAsync("/health/ready");
        var before = await Node.RecordedAsync();
        await Node.Database.TakeAwayAsync();
        try
        {
            foreach (var path in new[] { Deletions, "/health/ready" })
            {
                var answer = (await GetAsync(path, 503)).IsError(503, 503, "database");
                Assert.True(int.Parse(answer.Header("Retry-After")!) > 0);
            }
            // Sent over a connection that had just died, its outcome is honestly unknown; else the database is known to be away.
            var submitted = await SubmitAsync(Nobody, status: 503);
            submitted.IsError(503, submitted.Body.Contains("5031", StringComparison.Ordinal) ? 5031 : 503);
            Assert.True(int.Parse(submitted.Header("Retry-After")!) > 0);
            await GetAsync("/health/live");
            Assert.Equal(before, await Node.RecordedAsync());
        }
        finally
        {
            await GiveDatabaseBackAsync();
        }
        await GetAsync("/health/ready");
        await SubmitAsync(Nobody);
    }

    [SkippableFact]
    public async Task A_commit_whose_outcome_cannot_be_learnt_is_503_with_5031_and_repeating_it_makes_one_job()
    {
        var jobs = "select count(*) from ledger.mt_doc_job where bot = $1";
        await Node.WaitAtCommitAsync(4712);
        await using var holder = new NpgsqlConnection(Node.Database.Superuser);
        await holder.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("select pg_advisory_xact_lock(4712)", holder, transaction))
            await hold.ExecuteNonQueryAsync();
        try
        {
            var submission = SubmitAsync(Nobody, "unknown", status: 503);
            await Steps.UntilAsync("the submission does not wait for the lock", () => Node.ScalarAsync<bool>(
                """
                select exists (select from pg_stat_activity
                    where datname = current_database() and application_name = 'ledger' and wait_event_type = 'Lock')
                """));
            await Node.Database.TakeAwayAsync();
            var answer = await submission;
            Assert.Equal("""{"errors":[{"msg":"outcome unknown, repeat with the same Idempotency-Key","code":5031}]}""", answer.Body);
            Assert.True(int.Parse(answer.Header("Retry-After")!) > 0);
        }
        finally
        {
            await transaction.RollbackAsync();
            await GiveDatabaseBackAsync();
            await Node.WaitAtCommitNoMoreAsync();
        }
        var first = await SubmitAsync(Nobody, "unknown");
        Assert.Equal(first.Body, (await SubmitAsync(Nobody, "unknown")).Body);
        Assert.Equal(1, await Node.ScalarAsync<long>(jobs, Bot));
    }

    [SkippableFact]
    public async Task Anything_else_is_500_without_its_cause()
    {
        await Node.ExecuteAsync("revoke insert on ledger.mt_doc_job from ledger_service");
        try
        {
            var answer = await RefusedAsync(500, 500, "", s => s.Target("POST", Deletions).Sending("""{"cId":"u-69eb0c87"}"""));
            Assert.Equal("""{"errors":[{"msg":"internal error","code":500}]}""", answer.Body);
        }
        finally
        {
            await Node.ExecuteAsync("grant insert on ledger.mt_doc_job to ledger_service");
        }
        await SubmitAsync(Nobody);
    }

    [SkippableFact]
    public async Task Every_answer_has_a_fresh_request_id_and_so_have_its_log_lines()
    {
        var job = await JobAsync(Nobody);
        (int Status, string Method, string Path, string? Token)[] calls =
        [
            (200, "GET", job, null), (200, "HEAD", job, null), (200, "GET", "/health/live", null), (404, "GET", "/nowhere", null),
            (405, "PUT", job, null), (400, "GET", $"{Deletions}?x=1", null), (401, "GET", job, "x"), (200, "GET", "/verify", null),
        ];
        await Node.ExecuteAsync("revoke select on ledger.mt_doc_jobstatus from ledger_service");
        var ids = new HashSet<string>();
        try
        {
            var failed = await AnswerAsync(500, s => s.Target("GET", job).With("X-Request-Id", "mine"));
            Assert.Contains(NodeLog.All, line => line.StartsWith("internal error", StringComparison.Ordinal) && IsOf(failed, line));
            ids.Add(failed.Header("X-Request-Id")!);
        }
        finally
        {
            await Node.ExecuteAsync("grant select on ledger.mt_doc_jobstatus to ledger_service");
        }
        foreach (var (status, method, path, token) in calls)
        {
            var answer = await AnswerAsync(
                status, s => s.Target(method, path).With("X-Request-Id", "mine").As(token ?? Node.Token()));
            var isTold = NodeLog.All.Any(
                line => line.StartsWith($"answered {status} to ", StringComparison.Ordinal) && IsOf(answer, line));
            Assert.Equal(status >= 400, isTold);
            Assert.True(ids.Add(answer.Header("X-Request-Id")!));
        }
        Assert.All(ids, id => Assert.Matches("^[0-9a-f]{32}$", id));
        Assert.DoesNotContain(NodeLog.All, line => line.Contains("=> Request", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task An_answer_that_was_counted_tells_its_limits_and_how_much_is_left()
    {
        await TurnOfAnHourAsync();
        await Node.Clock.AdvanceAsync(TimeSpan.FromSeconds(18));
        var first = await SubmitAsync(Nobody);
        var job = first.Header("Location")!;
        Assert.Equal("\"submits-per-minute\";q=60;w=60, \"submits-per-hour\";q=1800;w=3600", first.Header("RateLimit-Policy"));
        Assert.Matches("^\"submits-per-minute\";r=59;t=(3[0-9]|4[0-2])$", first.Header("RateLimit")!);
        await TimesAsync(59, () => SubmitAsync(Nobody));
        var refused = await SubmitAsync(Nobody, status: 429);
        Assert.Equal($"\"submits-per-minute\";r=0;t={refused.Header("Retry-After")}", refused.Header("RateLimit"));
        var polled = await GetAsync(job);
        Assert.Equal("\"polls-per-minute\";q=60;w=60, \"polls-per-hour\";q=1800;w=3600", polled.Header("RateLimit-Policy"));
        Assert.StartsWith("\"polls-per-minute\";r=59;t=", polled.Header("RateLimit"), StringComparison.Ordinal);
        Assert.Null((await GetAsync(Deletions)).Header("RateLimit")); // it has no limit
    }

    [SkippableFact]
    public async Task Head_is_answered_wherever_get_is_with_its_headers_and_without_its_body_and_discloses_nothing()
    {
        var waiting = await JobAsync("""{"conversationIds":["head-1"]}""");
        var job = waiting;
        Assert.Equal("text/event-stream", (await AnswerAsync(200, s => s.Target("HEAD", $"{waiting}/progress"))).Header("Content-Type"));
        await Node.RunSlicesAsync();
        var before = await Node.RecordedAsync();
        var paths = Node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") == true)
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.TrimStart('/')
                .Replace("{botId}", Bot).Replace("{jobId}", job.Split('/')[^1]).Replace("{bot}", Bot).Replace("{job}", job.Split('/')[^1])
                .Replace("{level}", "0").Replace("{**number}", "000.p/1").Replace("{**name}", "site.css").Replace("{**file}", "index.html")
                .Replace("{documentName}", "v1"))
            .Append("/nowhere").Append($"{Deletions}?x=1").ToList();
        Assert.True(paths.Count > 20, string.Join(' ', paths));
        var heads = new List<Answer>();
        foreach (var path in paths)
            heads.Add(await AnyAsync("HEAD", path));
        Assert.Equal(before, await Node.RecordedAsync());
        foreach (var (path, head) in paths.Zip(heads))
        {
            var get = await AnyAsync("GET", path);
            Assert.Equal((path, get.Status, ""), (path, head.Status, head.Body));
            Assert.Equal($"{path}\n{string.Join('\n', HeadersOf(get))}", $"{path}\n{string.Join('\n', HeadersOf(head))}");
        }
        Assert.NotEqual(before, await Node.RecordedAsync()); // GET disclosed ids
        var wrong = await AnswerAsync(405, s => s.Target("HEAD", "/logout"));
        Assert.Equal(("POST", ""), (wrong.Header("Allow"), wrong.Body));
    }

    /// <summary>What does not depend on the moment.</summary>
    private static IEnumerable<string> HeadersOf(Answer answer) =>
        from header in answer.Response.Headers.NonValidated.Concat(answer.Response.Content.Headers.NonValidated)
        where !header.Key.StartsWith("RateLimit", StringComparison.Ordinal)
            && header.Key != "Content-Length" // which is made up here: HeadTests has the one that is sent
            && !header.Key.Equals("X-Request-Id", StringComparison.OrdinalIgnoreCase)
        orderby header.Key
        select $"{header.Key}: {header.Value}".Replace("; ", ";"); // one that was parsed has a space

    private async Task<Answer> AnyAsync(string method, string path)
    {
        var result = await Node.Alba!.Scenario(scenario =>
        {
            scenario.Target(method, path);
            scenario.IgnoreStatusCode();
        });
        return await ScenarioAnswer.Of(result.Context);
    }

    private static bool IsOf(Answer answer, string line) =>
        line.EndsWith($" => request {answer.Header("X-Request-Id")}", StringComparison.Ordinal);

    private long Seconds(int fromNow) => Node.Time.GetUtcNow().ToUnixTimeSeconds() + fromNow;

    /// <summary>So that nothing in what follows falls into another minute or hour than it should.</summary>
    private Task TurnOfAnHourAsync()
    {
        var now = Node.Time.GetUtcNow();
        return Node.Clock.SetAsync(now.AddTicks(-(now.Ticks % TimeSpan.TicksPerHour)).AddHours(1));
    }

    private static async Task TimesAsync(int times, Func<Task> action)
    {
        for (var i = 0; i < times; i++)
            await action();
    }

    /// <summary>To the service the database is gone: its sessions have ended, which is waited for, and it gets no new ones.</summary>
    private async Task GiveDatabaseBackAsync()
    {
        await Node.Database.GiveBackAsync();
        Node.ClearPools(); // their sessions ended
    }
}
