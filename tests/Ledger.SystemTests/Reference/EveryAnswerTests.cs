using System.Text;
using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.SystemTests.Contract;
using Ledger.SystemTests.Forgetting;
using Ledger.SystemTests.Proofs;
using Ledger.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Reference;

/// <summary>
/// The document and the service agree in both directions: whatever is answered is in the document (<see cref="HeldAgainstDocument"/>), and
/// whatever is in the document is answered.
/// </summary>
public sealed class EveryAnswerTests
{
    private const string Cancel = "cancelDeletionJob";

    /// <summary>What the examples name, made real.</summary>
    private static readonly string[] s_conversations = ["69eb0c87ec444445976aaaaa", "69eb0b5c7cd98618e06aaaaa"];

    [SkippableFact]
    public async Task Every_status_of_every_operation_is_really_answered()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });
        var document = await ApiDocument.LoadAsync(service.Client);
        var real = await PrepareAsync(service);
        var waiting = await BotOfAClosedWindowAsync(service);
        foreach (var operation in document.Operations)
        {
            // Only a job that has not ended can be cancelled.
            await SucceedAsync(service, operation, operation.Id == Cancel ? await UnfinishedAsync(service, waiting, real) : real);
            await BeRefusedAsync(service, operation, real);
        }
        await BeRefusedForTheirOwnReasonsAsync(service, document, real, waiting);
        await FailAsync(service, document, real);
        await using var limited = await TestService.StartAsync(
            new TestServiceOptions { Http = new HttpOptions { Submits = new RateLimit(1, 1), Polls = new RateLimit(1, 1) } });
        await BeLimitedAsync(limited, document);
        // Nothing has written the log there.
        await IsAsync(404, limited, ExampleRequest.Of(document["getLogCheckpoint"]).Single().Message(real));

        var documented = document.Operations.SelectMany(operation => operation.Responses.Keys.Select(status => (operation.Id, status)));
        Assert.Empty(documented.Except(service.Answered).Except(limited.Answered));
    }

    /// <summary>A job that has ended, of the examples' conversations.</summary>
    private static async Task<Dictionary<string, string>> PrepareAsync(TestService service)
    {
        foreach (var conversation in s_conversations)
        {
            await service.AddConversationsAsync(conversation, 1, "u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa");
            await service.ExecuteAsync(
                "update conversations.conversations set conversation_id = $1 where conversation_id = $1 || '-00001'", conversation);
        }
        var job = await service.SubmitAsync(new { conversationIds = s_conversations });
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        using var deadline = new CancellationTokenSource(Patience.Limit);
        while (!await IsProvableAsync(service, job))
            await ticks.WaitForNextTickAsync(deadline.Token);
        using var entries = await service.SendAsync(HttpMethod.Get, $"/api/public/bot/{service.Bot}/changelogs");
        var entry = JsonDocument.Parse(await entries.Content.ReadAsStringAsync()).RootElement[0].GetProperty("_id").GetString()!;
        var inTime = new { receivedOn = "2026-05-02", basis = "gdpr_17_1_b" };
        var waiting = await BotOfAClosedWindowAsync(service);
        var withCase = await service.SubmitAsync(new { cId = "nobody", @case = inTime }, waiting);
        // Of the two ways to page the examples show one at a time.
        return new Dictionary<string, string>
        {
            ["botId"] = service.Bot,
            ["jobId"] = job,
            ["holdId"] = await HoldAsync(service),
            ["caseBot"] = waiting,
            ["caseJob"] = withCase,
            ["fetchAfter"] = entry,
            ["offset"] = "",
        };
    }

    private static async Task<string> HoldAsync(TestService service)
    {
        using var placed = await service.SendAsync(
            HttpMethod.Post, $"/api/public/bot/{service.Bot}/legal-holds", new { cId = "nobody", reason = "r" });
        return JsonDocument.Parse(await placed.Content.ReadAsStringAsync()).RootElement.GetProperty("holdId").GetString()!;
    }

    private static bool IsOfHolds(ApiOperation operation) => operation.Path.Contains("/legal-holds", StringComparison.Ordinal);

    private static async Task<bool> IsProvableAsync(TestService service, string job)
    {
        using var proof = await service.AskForProofAsync(job, "?ids=false");
        return proof.IsSuccessStatusCode;
    }

    /// <summary>Each example of the document is sent, with only bot and job replaced by real ones.</summary>
    private static async Task SucceedAsync(TestService service, ApiOperation operation, Dictionary<string, string> real)
    {
        foreach (var example in ExampleRequest.Of(operation))
        {
            if (operation.Method == "PATCH") // the job of the other examples has ended
                real = new Dictionary<string, string>(real) { ["botId"] = real["caseBot"], ["jobId"] = real["caseJob"] };
            var isLast = example == ExampleRequest.Of(operation).Last();
            // The example's key is one for one request; it goes with the last.
            var named = isLast ? real : new Dictionary<string, string>(real) { ["Idempotency-Key"] = "" };
            if (IsOfHolds(operation))
                named = new Dictionary<string, string>(named) { ["after"] = "" }; // an example's hold is nobody's
            using var answer = await SendAsync(service, example.Message(named), operation);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True((int)answer.StatusCode < 300, $"{example}: {(int)answer.StatusCode} {text}");
            if (operation.Responses.ContainsKey(304))
                await IsAsync(
                    304, service, example.Message(new Dictionary<string, string>(real) { ["If-None-Match"] = answer.Headers.ETag!.Tag }),
                    operation);
        }
    }

    /// <summary>What may be wrong with any request.</summary>
    private static async Task BeRefusedAsync(TestService service, ApiOperation operation, Dictionary<string, string> real)
    {
        var example = ExampleRequest.Of(operation).First();
        await IsAsync(405, service, example.Message(real, "PUT"), operation);
        if (operation.NeedsToken)
        {
            await IsAsync(401, service, example.Message(real));
            var other = service.Token(IsOfHolds(operation) ? Scope.LogsHistory : Scope.LegalHolds);
            await IsAsync(403, service, example.Message(real), operation, other);
        }
        if (operation.Parameters == 2 && operation.Path.Contains("{jobId}", StringComparison.Ordinal))
            await IsAsync(
                404, service,
                example.Message(new Dictionary<string, string>(real) { ["jobId"] = "cdj-00000000-0000-5000-8000-000000000000" }),
                operation);
        if (operation.Path.EndsWith("{holdId}", StringComparison.Ordinal))
            await IsAsync(
                404, service,
                example.Message(new Dictionary<string, string>(real) { ["holdId"] = "lh-00000000-0000-5000-8000-000000000000" }),
                operation);
        if (operation.Responses.ContainsKey(400) && example.Body is null && operation.Method is "GET" or "DELETE")
            await IsAsync(400, service, example.Message(new Dictionary<string, string>(real) { ["?"] = "unknown=1" }), operation);
        if (example.Body is not null)
        {
            await IsAsync(400, service, (example with { Body = "{}" }).Message(real), operation);
            await IsAsync(413, service, (example with { Body = new string(' ', 200_000) }).Message(real), operation);
            var plain = example.Message(real);
            plain.Content = new StringContent(example.Body, Encoding.UTF8, "text/plain");
            await IsAsync(415, service, plain, operation);
        }
    }

    /// <summary>409: the job of the key was forgotten.</summary>
    private static async Task BeForgottenAsync(TestService service, ApiOperation submit, Dictionary<string, string> real)
    {
        var keyed = new Dictionary<string, string>(real) { ["Idempotency-Key"] = "to-be-forgotten" };
        HttpRequestMessage Keyed() => (ExampleRequest.Of(submit).First() with { Body = """{"cId":"nobody"}""" }).Message(keyed);
        using var answer = await SendAsync(service, Keyed(), submit);
        var job = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("jobId").GetString()!;
        await Execution.Steps.UntilAsync(
            "the job does not end", async () => (await service.StatusAsync(job)).GetProperty("status").GetString() == "completed");
        await service.ForgetAsync(job);
        await IsAsync(409, service, Keyed(), submit);
    }

    /// <summary>The examples' names, with those of a job that waits.</summary>
    private static async Task<Dictionary<string, string>> UnfinishedAsync(
        TestService service, string waiting, Dictionary<string, string> real) => new(real)
        {
            ["botId"] = waiting,
            ["jobId"] = await service.SubmitAsync(new { cId = "nobody" }, waiting),
        };

    private static async Task BeRefusedForTheirOwnReasonsAsync(
        TestService service, ApiDocument document, Dictionary<string, string> real, string waiting)
    {
        var submit = document["submitDeletionJob"];
        await IsAsync(
            422,
            service,
            (ExampleRequest.Of(submit).First() with { Body = """{"cId":"somebody else"}""" }).Message(real),
            submit
        );

        await BeForgottenAsync(service, submit, real);

        var posted = document["postDeletionJobStatus"];
        var withBody = ExampleRequest.Of(posted).Single().Message(real);
        withBody.Content = new StringContent("x");
        await IsAsync(400, service, withBody, posted);

        var progress = document["watchDeletionJob"];
        using var status = await service.SendAsync(HttpMethod.Get, $"{service.Deletions}/{real["jobId"]}");
        await IsAsync(
            204,
            service,
            ExampleRequest
                .Of(progress)
                .Single()
                .Message(new Dictionary<string, string>(real) { ["Last-Event-ID"] = status.Headers.ETag!.Tag.Trim('"') }),
            progress
        );

        var certificate = document["getErasureCertificate"];
        foreach (var (accept, answer) in new[] { ("text/html", 200), ("application/json", 200), ("text/csv", 406) })
        {
            var request = ExampleRequest.Of(certificate).Single().Message(new Dictionary<string, string>(real) { ["format"] = "" });
            request.Headers.Add("Accept", accept);
            await IsAsync(answer, service, request, certificate);
        }

        var events = ExampleRequest.Of(document["listDeletionJobEvents"]).Single().Message(real);
        events.Headers.Add("Accept", "application/xml");
        await IsAsync(406, service, events, document["listDeletionJobEvents"]);

        var unfinished = await UnfinishedAsync(service, waiting, real);
        ApiOperation[] plans = [submit, document["previewDeletionJob"]];
        foreach (var operation in document.Operations.Except(plans).Where(
            operation => !IsOfHolds(operation) && operation.Responses.ContainsKey(409)))
        {
            // An unfinished job has outcomes and events: see BeOvertakenAsync.
            if (!ListsIdentifiers(operation))
                await IsAsync(
                    409, service, ExampleRequest.Of(operation).First().Message(operation.Id == Cancel ? real : unfinished), operation);
        }
        await BeOvertakenAsync(service, document, real);
        await BeRefusedOfHoldsAsync(service, document, real);
        var unplanned = new Dictionary<string, string>(real) { ["botId"] = await BotOfAWindowThatIsOverAsync(service) };
        foreach (var operation in plans)
            await IsAsync(409, service, ExampleRequest.Of(operation).First().Message(unplanned), operation);

        foreach (var operation in document.Operations.Where(operation => operation.Path.Contains("{number}", StringComparison.Ordinal)))
            await IsAsync(
                404, service, ExampleRequest.Of(operation).Single().Message(new Dictionary<string, string>(real) { ["number"] = "999" }),
                operation);
    }

    /// <summary>What is wrong with the placing and the lifting of a legal hold. The example's hold is lifted by now.</summary>
    private static async Task BeRefusedOfHoldsAsync(TestService service, ApiDocument document, Dictionary<string, string> real)
    {
        var (place, lift) = (document["placeLegalHold"], document["liftLegalHold"]);
        var other = ExampleRequest.Of(place).Last() with { Body = """{"cId":"somebody else","reason":"r"}""" };
        await IsAsync(422, service, other.Message(real), place);
        await IsAsync(409, service, ExampleRequest.Of(lift).Single().Message(real), lift);
        var withBody = ExampleRequest.Of(lift).Single().Message(real);
        withBody.Content = new StringContent("x");
        await IsAsync(400, service, withBody, lift);

        var keyed = new Dictionary<string, string>(real) { ["Idempotency-Key"] = "to-be-lifted" };
        using var answer = await SendAsync(service, other.Message(keyed), place);
        keyed["holdId"] = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("holdId").GetString()!;
        await IsAsync(200, service, ExampleRequest.Of(lift).Single().Message(keyed), lift);
        await IsAsync(409, service, other.Message(keyed), place);
    }

    /// <summary>409: that identifiers are handed out could not be recorded, since others were first.</summary>
    private static async Task BeOvertakenAsync(TestService service, ApiDocument document, Dictionary<string, string> real)
    {
        var reader = service.Token(Scope.LedgerAudit); // to whom nothing was handed out so far
        var first = new Dictionary<string, string>(real) { ["after"] = "" };
        await service.LoseRacesAsync(service.Bot);
        foreach (var operation in document.Operations.Where(ListsIdentifiers))
            await IsAsync(409, service, ExampleRequest.Of(operation).First().Message(first), operation, reader);
        await service.LoseNoMoreRacesAsync();
    }

    private static bool ListsIdentifiers(ApiOperation operation) =>
        operation.Path.EndsWith("/outcomes", StringComparison.Ordinal) || operation.Path.EndsWith("/events", StringComparison.Ordinal);

    private static async Task<string> BotOfAClosedWindowAsync(TestService service)
    {
        Assert.Null(
            await service.Registry.DefineWindowAsync(
                new DefineWindow("leap-day", "0 0 0 29 2 ?", "UTC", 60, 1, "test", null), CancellationToken.None)
        );
        return await service.AddBotAsync(window: "leap-day");
    }

    private static async Task<string> BotOfAWindowThatIsOverAsync(TestService service)
    {
        var define = new DefineWindow("over", "0 0 0 29 2 ?", "UTC", 60, 1, "test", null);
        Assert.Null(await service.Registry.DefineWindowAsync(define, CancellationToken.None));
        var bot = await service.AddBotAsync(window: "over");
        await service.ExecuteAsync(
            """
            update ledger.mt_doc_deletionwindow set data = data || '{"cron":"0 0 0 30 2 ?"}', mt_last_modified = now()
            where data ->> 'name' = 'over'
            """);
        // The node can have read the window a moment ago, and takes what it knows for true for a second.
        await service.Services.GetRequiredService<RegistryCache>()
            .ReadSinceAsync(TimeProvider.System.GetTimestamp(), CancellationToken.None);
        return bot;
    }

    /// <summary>Whatever reads the database meets one that lacks the ledger's tables, and then none.</summary>
    private static async Task FailAsync(TestService service, ApiDocument document, Dictionary<string, string> real)
    {
        await service.ExecuteAsync("alter schema ledger rename to elsewhere");
        foreach (var operation in document.Operations.Where(operation => operation.Responses.ContainsKey(500)))
            await UntilAsync(500, service, ExampleRequest.Of(operation).First(), real);
        await service.Database.TakeAwayAsync();
        foreach (var operation in document.Operations.Where(operation => operation.Responses.ContainsKey(503)))
            await UntilAsync(503, service, ExampleRequest.Of(operation).First(), real);
        // So that the lanes can come to their end.
        await service.Database.GiveBackAsync();
        await service.ExecuteAsync("alter schema elsewhere rename to ledger");
    }

    private static async Task BeLimitedAsync(TestService service, ApiDocument document)
    {
        var real = new Dictionary<string, string>
        {
            ["botId"] = service.Bot,
            ["jobId"] = await service.SubmitAsync(new { cId = "u" }),
            ["Idempotency-Key"] = "",
        };
        foreach (var operation in document.Operations.Where(operation => operation.Responses.ContainsKey(429)))
            await UntilAsync(429, service, ExampleRequest.Of(operation).First(), real);
    }

    private static async Task IsAsync(
        int status, TestService service, HttpRequestMessage request, ApiOperation? operation = null, string? token = null)
    {
        using var answer = await SendAsync(service, request, operation, token);
        Assert.True(
            (int)answer.StatusCode == status,
            $"{request.Method} {request.RequestUri}: {(int)answer.StatusCode} instead of {status}: "
            + $"{await answer.Content.ReadAsStringAsync()}"
        );
    }

    private static async Task UntilAsync(int status, TestService service, ExampleRequest example, Dictionary<string, string> real)
    {
        using var deadline = new CancellationTokenSource(Patience.Limit);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var last = 0;
        while (await ticks
                .WaitForNextTickAsync(deadline.Token)
                .AsTask()
                .ContinueWith(tick => tick.IsCompletedSuccessfully, TaskScheduler.Default))
        {
            using var answer = await SendAsync(service, example.Message(real), example.Operation);
            if ((last = (int)answer.StatusCode) == status)
                return;
        }
        Assert.Fail($"{example}: still {last} instead of {status}");
    }

    private static Task<HttpResponseMessage> SendAsync(
        TestService service, HttpRequestMessage request, ApiOperation? operation, string? token = null)
    {
        if (operation is { NeedsToken: true })
            request.Headers.Add("auth", token ?? service.Token());
        return service.Client.SendAsync(request);
    }
}
