using System.Security.Cryptography;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Registry;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Forgetting;
using Ledger.SystemTests.Http;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>A job's events and its status as of a moment: over HTTP (contract §6) and by <c>ledger replay</c>.</summary>
public sealed class HistoryTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableFact]
    public async Task As_of_any_moment_the_status_is_the_fold_of_the_events_up_to_then()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 3 } });
        await service.AddConversationsAsync("a", 14, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var events = await service.EventsAsync(job);
        var (first, last) = (events[0].At, events[^1].At);
        for (var i = 0; i < 16; i++)
        {
            var version = RandomNumberGenerator.GetInt32(1, events.Count + 1);
            await HoldsAsync(service, job, $"{version}", events.Take(version));
            // From the first instant to a little after the last; every other one is exactly an event's.
            var at =
                i % 2 == 0
                    ? events[version - 1].At
                    : first.AddMilliseconds(RandomNumberGenerator.GetInt32((int)(last - first).TotalMilliseconds + 100));
            await HoldsAsync(service, job, Instant.Text(at), events.Where(e => e.At <= at));
        }
        // a date is its end
        await HoldsAsync(service, job, last.ToString("yyyy-MM-dd"), events.Where(e => e.At.Date == last.Date || e.At < last));
        Assert.Equal(
            (await ReplayAsync(service, job, "--json")).Output.Trim(),
            await service.ScalarAsync<string>("select data::text from ledger.mt_doc_jobstatus"));
    }

    /// <summary>The command's document is the fold of these events, and it and the endpoint list just them.</summary>
    private static async Task HoldsAsync(TestService service, string job, string asOf, IEnumerable<RecordedEvent> expected)
    {
        var events = expected.ToList();
        var document = (await ReplayAsync(service, job, "--as-of", asOf, "--json")).Output.Trim();
        Assert.Equal(await service.ScalarAsync<string>("select $1::jsonb::text", Entries.Folded(job, events)), document);
        var lines = (await ReplayAsync(service, job, "--as-of", asOf, "--events", "--json")).Output.Trim().Split('\n');
        Assert.Equal(events.Select(Line), lines.Select(line => Line(JsonDocument.Parse(line).RootElement)));
        var listed = (await service.AskAsync($"{service.Deletions}/{job}/events?asOf={Uri.EscapeDataString(asOf)}")).Is(200);
        Assert.Equal(events.Select(Line), listed.Json.EnumerateArray().Select(Line));
    }

    [SkippableFact]
    public async Task A_moment_that_the_jobs_history_has_not_is_refused_and_says_what_it_has()
    {
        await using var service = await shared.WithOwnBotAsync();
        var other = await service.AddBotAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        var at = Instant.Text((await service.EventsAsync(job))[0].At);
        foreach (
            var (asOf, message, exit) in new[]
            {
                ("3", "the job has no such version: it has 2 events by now", 1),
                ("2020-05-04", $"the job was not there yet: it was submitted at {at}", 1),
                ("2020-05-04T08:00:00+02:00", $"the job was not there yet: it was submitted at {at}", 1),
                ("0", "must be a version (a whole number from 1 on)", 2),
                ("yesterday", "must be a version", 2),
                ("2026-05-04T08:00:00", "must be a version", 2),
                ("99999999999999999999", "must be a version", 2),
            }
        )
        {
            var result = await RunAsync(service, job, "--as-of", asOf);
            Assert.Equal((exit, ""), (result.ExitCode, result.Output));
            Assert.Contains(message, result.Error, StringComparison.Ordinal);
            (await service.AskAsync($"{service.Deletions}/{job}/events?asOf={Uri.EscapeDataString(asOf)}")).IsError(400, 400, message);
        }
        Assert.Contains(
            "there is no such job: `ledger jobs` lists them", (await RunAsync(service, "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c")).Error,
            StringComparison.Ordinal);
        Assert.Contains("a job id is cdj-", (await RunAsync(service, "e8c0d360")).Error, StringComparison.Ordinal);
        (await service.AskAsync($"{service.Deletions}/cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c/events")).IsError(404, 404);
        (await service.AskAsync($"/api/public/bot/{other}/conversations/delete/{job}/events")).IsError(404, 404);
        (await service.AskAsync($"{service.Deletions}/{job}/events?version=1")).IsError(400, 400, "only asOf are known");
        foreach (var scope in Enum.GetValues<Scope>().Where(scope => scope != Scope.LedgerAudit))
            (await service.AskAsync($"{service.Deletions}/{job}/events", service.Token(scope))).IsError(403, 4002);
    }

    [SkippableFact]
    public async Task People_are_shown_tables()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 1, "user-1");
        var job = await service.SubmitAsync(new { conversationIds = new[] { "a-00001" } });
        await service.RunSlicesAsync();
        var status = await ReplayAsync(service, job, "--as-of", "3");
        Assert.Matches(@"status\tqueued \(running\)", status.Output);
        Assert.Matches($"bot\t{service.Bot}", status.Output);
        Assert.Contains("As of event 3 of 5.", status.Error, StringComparison.Ordinal);
        var events = await ReplayAsync(service, job, "--events", "--as-of", "4");
        Assert.Matches(@"4\t\d{4}-\d\d-\d\dT\S+Z\tconversation_deleted", events.Output);
        Assert.DoesNotContain("completed", events.Output, StringComparison.Ordinal);
        Assert.Contains("4 of 5 events.", events.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Events_disclose_the_ids_that_they_stand_for_until_the_jobs_key_is_destroyed()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 1100, "user-1");
        var byUser = await service.SubmitAsync(new { cId = "user-1" });
        var byIds = await service.SubmitAsync(new { conversationIds = new[] { "a-00007", "nobody" } });
        await service.RunSlicesAsync();

        var events = await EventsAsync(service, byUser);
        Assert.Equal("user-1", events[0].GetProperty("disclosed").GetProperty("cId").GetString());
        var outcomes = events.Where(e => e.GetProperty("type").GetString() == "conversation_deleted").ToList();
        var expected = await service.OutcomesByIdAsync(byUser);
        Assert.Equal(
            outcomes.Select(e => $"{e.GetProperty("disclosed").GetProperty("conversationId")}").Order(),
            Enumerable
                .Range(1, 1100)
                .Select(n => $"a-{n:D5}")
                .Where(id => !expected.TryGetValue(id, out var outcome) || outcome == "deleted")
        );
        Assert.All(
            events.Where(e => e.GetProperty("type").GetString() is "scheduled" or "started" or "completed"),
            e => Assert.False(e.TryGetProperty("disclosed", out _)));
        Assert.Equal(
            ["a-00007", "nobody"],
            (await EventsAsync(service, byIds))[0]
                .GetProperty("disclosed")
                .GetProperty("conversationIds")
                .EnumerateArray()
                .Select(id => id.GetString())
        );

        await service.ForgetAsync(byUser);
        var blind = (await service.AskAsync($"{service.Deletions}/{byUser}/events")).Is(200);
        Assert.DoesNotContain("disclosed", blind.Body, StringComparison.Ordinal);
        Assert.Equal(events.Select(Line), blind.Json.EnumerateArray().Select(Line));
    }

    [SkippableFact]
    public async Task Ndjson_is_one_event_a_line_for_who_accepts_it()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        foreach (
            var (accept, type) in new[]
            {
                ("application/x-ndjson", "application/x-ndjson"),
                ("text/html, application/x-ndjson;q=0.5", "application/x-ndjson"),
                ("*/*", "application/json"),
                ("application/xml, application/*;q=0.1", "application/json"),
            }
        )
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{service.Deletions}/{job}/events")
            {
                Headers = { { "auth", service.Token() }, { "Accept", accept } },
            };
            using var response = await service.Client.SendAsync(request);
            var answer = await Answer.OfAsync(response);
            Assert.Equal(
                (type, "no-store", "Accept"), (answer.Header("Content-Type"), answer.Header("Cache-Control"), answer.Header("Vary")));
            var events =
                type == "application/json"
                    ? answer.Json.EnumerateArray().ToList()
                    : [.. answer.Body.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
            Assert.Equal(["submitted", "scheduled"], events.Select(e => e.GetProperty("type").GetString()));
        }
    }

    [SkippableFact]
    public async Task Who_takes_neither_form_is_told_both_and_nothing_is_disclosed()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{service.Deletions}/{job}/events")
        {
            Headers = { { "auth", service.Token() }, { "Accept", "application/xml" } },
        };
        using var response = await service.Client.SendAsync(request);
        (await Answer.OfAsync(response)).IsError(406, 406, "application/json or application/x-ndjson");
        Assert.Equal("", await DisclosuresAsync(service));
    }

    [SkippableFact]
    public async Task A_client_that_reads_ids_again_and_again_is_recorded_once_for_each_job_and_form()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        var outcomes = $"{service.Deletions}/{job}/outcomes?limit=1";
        Assert.Equal("", await DisclosuresAsync(service));
        (await service.AskAsync(outcomes)).Is(200); // there is nothing to disclose yet
        Assert.Equal("", await DisclosuresAsync(service));
        await service.RunSlicesAsync();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ => (await service.AskAsync(outcomes)).Is(200)));
        (await service.AskAsync($"{outcomes}&after=0")).Is(200);
        (await service.AskAsync($"{service.Deletions}/{job}/events")).Is(200);
        (await service.AskAsync($"{service.Deletions}/{job}/events?asOf=1")).Is(200);
        Assert.Equal(
            $"{TestService.ClientId} outcomes of the job, {TestService.ClientId} events of the job", await DisclosuresAsync(service));
        (await service.AskAsync(outcomes, service.Token(Scope.LedgerAudit))).Is(200);
        Assert.EndsWith(", cs-3 outcomes of the job", await DisclosuresAsync(service), StringComparison.Ordinal);
        await service.WriteLogAsync();
        Assert.Contains(
            await service.ChangeLogAsync(),
            entry => entry.Message == $"Identifiers of job {job} were handed out to cs-3: outcomes of the job.");

        var recorded = await DisclosuresAsync(service);
        await service.ForgetAsync(job);
        (await service.AskAsync($"{service.Deletions}/{job}/events", service.Token(Scope.LedgerAudit))).Is(200);
        Assert.Equal(recorded, await DisclosuresAsync(service));
    }

    private static Task<string> DisclosuresAsync(TestService service) => service.ScalarAsync<string>(
        """
        select coalesce(string_agg(data ->> 'client' || ' ' || (data ->> 'what'), ', ' order by version), '')
        from ledger.mt_events where stream_id = $1 and type = 'identifiers_disclosed'
        """,
        StreamIds.Bot(service.Bot));

    private static async Task<List<JsonElement>> EventsAsync(TestService service, string job) =>
        [.. (await service.AskAsync($"{service.Deletions}/{job}/events")).Is(200).Json.EnumerateArray()];

    private static string Line(RecordedEvent recorded) =>
        $"{recorded.Version} {EventType.Of(recorded.Event).Name} {Instant.Text(recorded.At)} "
        + Members(JsonDocument.Parse(EventType.Of(recorded.Event).Write(recorded.Event)).RootElement);

    private static string Line(JsonElement listed) =>
        $"{listed.GetProperty("version")} {listed.GetProperty("type")} {listed.GetProperty("at")} "
        + Members(listed.GetProperty("data"));

    private static string Members(JsonElement data) =>
        JsonSerializer.Serialize(data.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));

    private static async Task<CliResult> ReplayAsync(TestService service, string job, params string[] options)
    {
        var result = await RunAsync(service, job, options);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    private static Task<CliResult> RunAsync(TestService service, string job, params string[] options) =>
        CliDatabase.RunAsync(["replay", job, .. options, "--connection", service.Database.ConnectionStringFor("ledger_service")]);
}
