using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.SystemTests.Browser;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Foreign;
using Ledger.SystemTests.Proofs;

namespace Ledger.SystemTests.Certificates;

/// <summary>Jobs that have ended in each way there is, run once for the tests of one class.</summary>
public sealed class EndedJobs : IAsyncLifetime
{
    private readonly Once<TestService> _service;
    private ServiceTemplate _template = null!;

    public EndedJobs() => _service = new(StartAsync);

    /// <summary>For tests that change nothing of these jobs.</summary>
    public Task<TestService> Service => _service.Value;

    /// <summary>As <see cref="Certifying.TwoNightsAsync"/>, <see cref="Certifying.FailingAsync"/> and
    /// <see cref="Certifying.ListlessAsync"/> make them.</summary>
    public string TwoNights { get; private set; } = "";

    public string Failed { get; private set; } = "";

    public string Listless { get; private set; } = "";

    public async Task<TestService> CopyAsync()
    {
        await _service.Value;
        return await AfterwardsAsync();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _service.DisposeAsync();

    private async Task<TestService> StartAsync()
    {
        var service = await TestService.StartAsync(Certifying.Nights);
        await service.Clock.SetAsync(Steps.At("2026-11-20T12:00:00Z"));
        TwoNights = await service.TwoNightsAsync();
        Failed = await service.FailingAsync();
        Listless = await service.ListlessAsync();
        _template = await service.FreezeAsync();
        return await AfterwardsAsync();
    }

    private async Task<TestService> AfterwardsAsync()
    {
        var service = await TestService.StartAsync(Certifying.Nights, _template);
        await service.Clock.SetAsync(Steps.At("2026-12-01T12:00:00Z"));
        return service;
    }
}

/// <summary>What a certificate says is what the events say, in each of its three forms.</summary>
public sealed class CertificateTests(EndedJobs jobs) : IClassFixture<EndedJobs>
{
    [SkippableFact]
    public async Task The_certificate_says_of_a_job_over_two_nights_what_its_checked_proof_says()
    {
        var service = await jobs.Service;
        var job = jobs.TwoNights;
        var certificate = await service.JsonCertificateAsync(job);
        var proof = await service.CheckJobAsync(await service.JobProofAsync(job, "?ids=false"));

        Assert.Equal(("erasure-certificate/v1", job, "partlyErased", "completed"),
            (certificate.Text("format"), certificate.Text("job"), certificate.Text("conclusion"), certificate.Text("outcome")));
        Assert.Equal(proof.Headline, certificate.Text("headline"));
        Assert.Equal(
            $$"""{"client":"cs-test-client","bot":"{{service.Bot}}","requestType":"conversationIds","conversationIds":14,"from":null,"to":null,"retainedFrom":"2026-01-24T19:00:0""",
            Compact(certificate, "request")[..^8]
        );
        Assert.Equal("""{"identified":14,"erased":10,"skipped":4,"failed":0,"untouched":0}""", Compact(certificate, "conversations"));
        Assert.Equal("""{"messages":30,"transcripts":30,"recordings":30,"attachments":30,"logs":30}""", Compact(certificate, "items"));
        Assert.Equal("""{"retention":1,"not_found":2,"already_erased":1}""", Compact(certificate, "skipped"));
        Assert.Equal(
            "{} {} 2", $"{Compact(certificate, "failed")} {Compact(certificate, "failedAttempts")} {certificate.GetProperty("attempts")}");
        Assert.Equal(
            [
                "test 0 0 18 * * ? Europe/Lisbon 2026-11-20T18:00:00.000Z 2026-11-20T20:00:00.000Z 1 off_peak 8 4 2",
                "test 0 0 18 * * ? Europe/Lisbon 2026-11-21T18:00:00.000Z 2026-11-21T20:00:00.000Z 2 retry 2 0 0",
            ],
            certificate
                .GetProperty("windows")
                .EnumerateArray()
                .Select(w =>
                    string.Join(
                        ' ',
                        new[] { "name", "cron", "timeZone", "opens", "closes", "attempt", "planned", "erased", "skipped", "failed" }.Select(
                            name => w.GetProperty(name).ToString())
                    )
                )
        );

        var log = certificate.GetProperty("log");
        Assert.Equal(
            (proof.Log.Origin, proof.Log.Size, Convert.ToBase64String(proof.Log.Root)),
            (log.Text("origin"), log.GetProperty("size").GetInt64(), log.Text("root")));
        Assert.Equal(service.LogKey().ToString(), log.Text("key"));
        var leaves = log.GetProperty("leaves");
        Assert.Equal(
            (proof.Leaves.First, proof.Leaves.End, proof.Leaves.Runs, proof.Events),
            (
                leaves.GetProperty("first").GetInt64(), leaves.GetProperty("end").GetInt64(), leaves.GetProperty("runs").GetInt64(),
                leaves.GetProperty("events").GetInt64())
        );
        Assert.Equal(proof.FirstDeletedAt, certificate.GetProperty("instants").GetProperty("firstErasedAt").GetDateTimeOffset());
        Assert.Equal(proof.LastDeletedAt, certificate.GetProperty("instants").GetProperty("lastErasedAt").GetDateTimeOffset());
    }

    [SkippableFact]
    public async Task A_failed_job_is_certified_as_not_completely_erased_with_the_reasons_and_so_is_one_that_never_had_a_list()
    {
        var service = await jobs.Service;
        var job = jobs.Failed;
        var certificate = await service.JsonCertificateAsync(job);
        Assert.Equal(
            "NOT COMPLETELY ERASED: the job failed. 2 of the 3 conversations on the job's list were erased, 1 was not.",
            certificate.Text("headline"));
        Assert.Equal(
            """notCompleted {"store_refused":1} 4""",
            $"{certificate.Text("conclusion")} {Compact(certificate, "failed")} {certificate.GetProperty("attempts")}"
        );
        Assert.Equal(4, certificate.GetProperty("windows").GetArrayLength());
        Assert.Contains("by this job they were NOT", certificate.GetProperty("notProven")[0].GetString(), StringComparison.Ordinal);
        Assert.Contains(
            "NOT COMPLETELY ERASED", Encoding.UTF8.GetString(await service.CertificateAsync(job, "text/html")), StringComparison.Ordinal);

        var nothing = await service.JsonCertificateAsync(jobs.Listless);
        Assert.Equal("NOT ERASED: the job failed before it knew what to erase. Nothing was erased.", nothing.Text("headline"));
        Assert.Equal(
            """{"list_unresolved":4} Nothing was deleted by this job.""",
            $"{Compact(nothing, "failedAttempts")} {nothing.GetProperty("method").Text("erasure")}"
        );
        var listless = Encoding.UTF8.GetString(await service.CertificateAsync(jobs.Listless, "text/html"));
        Assert.DoesNotContain("deleted as rows", listless, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task No_form_of_a_certificate_shows_an_identifier()
    {
        var service = await jobs.Service;
        foreach (var job in new[] { jobs.TwoNights, jobs.Failed })
        {
            foreach (var type in new[] { "application/json", "text/html" })
            {
                var certificate = Encoding.UTF8.GetString(await service.CertificateAsync(job, type));
                Assert.All(
                    ["a-0000", "nobody-1", "old-0000", "f-0000", "user-9", "user-1"],
                    id => Assert.DoesNotContain(id, certificate, StringComparison.Ordinal));
            }
        }
    }

    [SkippableFact]
    public async Task The_printed_page_holds_every_field_of_the_JSON_and_is_a_few_tagged_A4_pages_with_title_and_language()
    {
        RequirePdf();
        var service = await jobs.Service;
        foreach (var job in new[] { jobs.TwoNights, jobs.Failed })
        {
            var certificate = await service.JsonCertificateAsync(job);
            var pdf = await service.CertificateAsync(job, "application/pdf");
            var text = await Certifying.TextAsync(pdf);
            var fields = Shown(certificate).ToList();
            Assert.True(fields.Count > 60, $"{fields.Count} fields");
            Assert.All(
                fields.Where(field => field.Path != "/issuedAt"),
                field =>
                    Assert.True(text.Contains(Certifying.Squeezed(field.Text), StringComparison.Ordinal), $"{field.Path}: {field.Text}")
            );

            var info = await Certifying.InfoAsync(pdf);
            Assert.Contains($"Certificate of erasure {job}", info, StringComparison.Ordinal);
            Assert.Matches(@"Tagged:\s+yes", info);
            Assert.Matches(@"Pages:\s+[23]\n", info);
            Assert.Matches(@"Page size:\s+59\d(\.\d+)? x 84\d", info);
            Assert.Contains("/Lang (en)", Encoding.Latin1.GetString(pdf), StringComparison.Ordinal);
            Assert.Empty(Certifying.FoldersOf(job));
        }
        var letter = await service.CertificateAsync(jobs.TwoNights, "application/pdf", "?paper=letter");
        Assert.Matches(@"Page size:\s+612 x 792", await Certifying.InfoAsync(letter));
    }

    [SkippableFact]
    public async Task Names_that_are_markup_stay_text_on_the_page_and_in_the_PDF()
    {
        var service = await jobs.Service;
        const string Hostile = "<script>document.title='x'</script><img src=x onerror=alert(1)>\u202Eabc & \"q\"";
        var bot = await service.AddBotAsync(Hostile);
        var client = $"c</td>{Hostile}";
        var secret = await service.RegisterClientAsync(client, Scope.DeleteConversations);
        Assert.Null(
            await service.Registry.ExecuteAsync(
                bot, new Ledger.Registry.GrantClient(bot, client, [Scope.DeleteConversations], "test", null), CancellationToken.None)
        );
        var token = TestService.Sign(client, secret);
        await service.AddConversationsAsync("h", 1, "user-1", Steps.At("2026-10-01T00:00:00Z"), bot: bot);
        using var submitted = await service.SendAsync(
            HttpMethod.Post, $"/api/public/bot/{Uri.EscapeDataString(bot)}/conversations/delete",
            new { cId = "user-1", endDate = "2026-11-01" }, token);
        var job = JsonDocument.Parse(await submitted.Content.ReadAsStringAsync()).RootElement.GetProperty("jobId").GetString()!;
        await service.RunAtAsync("2026-12-01T18:10:00Z");

        var html = Encoding.UTF8.GetString(await service.CertificateAsync(job, "text/html", bot: bot, token: token));
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img src=x", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', html);
        Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
        Assert.Equal(
            bot,
            JsonDocument
                .Parse(await service.CertificateAsync(job, "application/json", bot: bot, token: token))
                .RootElement.GetProperty("request")
                .Text("bot")
        );
        RequirePdf();
        var pdf = await service.CertificateAsync(job, "application/pdf", bot: bot, token: token);
        var text = await Certifying.TextAsync(pdf);
        Assert.Contains(
            "c</td><script>document.title='x'</script><imgsrc=xonerror=alert(1)>\uFFFDabc&\"q\"", text, StringComparison.Ordinal);
        Assert.Contains($"Certificate of erasure {job}", await Certifying.InfoAsync(pdf), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_page_loads_nothing_but_what_is_in_it()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var service = await jobs.Service;
        var job = jobs.TwoNights;
        var page = await Chromium.OpenAsync(service.Client.BaseAddress!);
        var (requests, problems) = (new List<string>(), new List<string>());
        page.Request += (_, request) => requests.Add(request.Url);
        page.Console += (_, message) => problems.Add(message.Text);
        await page.SetExtraHTTPHeadersAsync(new Dictionary<string, string> { ["auth"] = service.Token() });
        await page.GotoAsync($"{service.Deletions}/{job}/certificate");
        // It has no script, so it is loaded once: a style may ask for something more at another width or in another scheme.
        foreach (var (width, dark) in new[] { (375, false), (375, true), (1440, false), (1440, true) })
        {
            await page.ShowAsync(width, dark);
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{width} px scrolls");
            Assert.Equal(
                116,
                await page.EvaluateAsync<int>(
                    "document.querySelector('.qr img').naturalWidth > 0 ? document.querySelector('.qr img').width : 0")
            );
            Assert.Equal(
                dark ? "rgb(27, 30, 35)" : "rgb(255, 255, 255)",
                await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('main')).backgroundColor"));
            await KeepAsync($"certificate-{width}-{(dark ? "dark" : "light")}.png", () => page.ScreenshotAsync(new() { FullPage = true }));
        }
        Assert.Empty(problems);
        Assert.Single(requests, url => !url.StartsWith("data:", StringComparison.Ordinal));
        await page.Context.CloseAsync();
        await KeepAsync("certificate.pdf", () => service.CertificateAsync(job, "application/pdf"));
    }

    [SkippableFact]
    public async Task A_certificate_that_would_differ_from_the_status_document_or_the_events_is_refused()
    {
        await using var service = await jobs.CopyAsync();
        var job = jobs.TwoNights;
        await service.JsonCertificateAsync(job);
        foreach (
            var (harm, why) in new[]
            {
                (
                    "update ledger.mt_doc_jobstatus set data = jsonb_set(data, '{result,deletedCount}', '11')",
                    "the status document says something else"),
                (
                    "alter table ledger.mt_events disable trigger user; update ledger.mt_events set data = jsonb_set(data, "
                    + "'{items,messages}', '9') where type = 'conversation_deleted'",
                    "the counts of the job's last event are not the sums of its outcomes"),
                ("delete from ledger.mt_events where type = 'conversation_skipped'", "of the job is missing"),
                (
                    "update ledger.mt_events set type = 'moon_landed' where version = 2",
                    "event 2 has what this version of the ledger does not know"),
            }
        )
        {
            await service.ExecuteAsync(harm);
            using var answer = await service.AskForCertificateAsync(job, "application/json");
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            Assert.Contains(why, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    /// <summary>For somebody who wants to look at it: in the folder that LEDGER_SCREENSHOTS names.</summary>
    private static async Task KeepAsync(string file, Func<Task<byte[]>> made)
    {
        if (Environment.GetEnvironmentVariable("LEDGER_SCREENSHOTS") is { Length: > 0 } folder)
            await File.WriteAllBytesAsync(Path.Combine(folder, file), await made());
    }

    private static void RequirePdf()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        Requires.That(Tool.Path("pdftotext") is not null, "pdftotext is not installed (Debian: poppler-utils)");
    }

    private static string Compact(JsonElement element, string name) => JsonSerializer.Serialize(element.GetProperty(name));

    /// <summary>Every value of the certificate as a person reads it.</summary>
    private static IEnumerable<(string Path, string Text)> Shown(JsonElement element, string path = "") => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Shown(member.Value, $"{path}/{member.Name}")),
        JsonValueKind.Array => element.EnumerateArray().SelectMany((member, i) => Shown(member, $"{path}/{i}")),
        JsonValueKind.Null => [],
        _ => [(path, InWords(element, path))],
    };

    private static string InWords(JsonElement element, string path)
    {
        // Half-open in the JSON; to people, "to" includes.
        if (element.ValueKind == JsonValueKind.Number)
            return (element.GetInt64() - (path.EndsWith("/end", StringComparison.Ordinal) ? 1 : 0)).ToString(
                "N0", CultureInfo.InvariantCulture);
        var text = element.GetString()!;
        if (DateTimeOffset.TryParseExact(
                text, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            return at.ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture);
        return text switch
        {
            "conversationIds" => "conversations by their ids",
            "cId" => "all conversations of one channel user",
            "partlyErased" => "PARTLY ERASED",
            "notCompleted" => "NOT COMPLETELY ERASED",
            "off_peak" => "first plan",
            "window_closed" => "the window before closed",
            _ => text,
        };
    }
}
