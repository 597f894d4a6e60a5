using System.Text;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Log;
using Ledger.SystemTests.Http;
using Ledger.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Proofs;

/// <summary>Who gets no proof, or none yet, and that a refusal says no id and records nothing.</summary>
public sealed class ProofRefusalTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableFact]
    public async Task The_submitting_client_and_erasure_proofs_get_proofs_and_nobody_else_does()
    {
        await using var service = await shared.WithOwnBotAsync();
        var submitter = service.Token(Scope.DeleteConversations);
        var job = await SubmitAsync(service, submitter);
        await service.RunSlicesAsync();
        foreach (var token in new[] { submitter, service.Token(Scope.ErasureProofs) })
        {
            (await Answer.OfAsync(await service.AskForProofAsync(job, token: token))).Is(200);
            (await Answer.OfAsync(await service.AskForProofOfAsync(job, "a-00001", token))).Is(200);
        }
        var others = new[]
        {
            service.Token(Scope.DeleteConversations, Scope.LedgerAudit), service.Token(Scope.LedgerAudit), service.Token(Scope.LogsHistory),
        };
        foreach (var token in others)
            await RefusedAsync(service, job, 403, 4002, "Permission denied", token);
        await RefusedAsync(service, job, 401, 4002, "Invalid SDK credentials", "no.to.ken");

        // Another bot's job is no job, whatever the scope.
        var elsewhere = await service.AddBotAsync();
        using var foreign = await service.SendAsync(HttpMethod.Get, $"/api/public/bot/{elsewhere}/conversations/delete/{job}/proof");
        (await Answer.OfAsync(foreign)).IsError(404, 404, "there is no such job");
    }

    [SkippableFact]
    public async Task An_unfinished_job_is_409_and_one_that_the_log_does_not_cover_yet_503()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await SubmitAsync(service);
        await RefusedAsync(service, job, 409, 409, "the job has not ended");

        var empty = await service.SubmitAsync(new { cId = "nobody" });
        await service.RunSlicesAsync();
        var uncovered = await service.SubmitAsync(new { cId = "nobody" });
        await service.Services.RunSliceAsync("test"); // and the log is not written
        foreach (var answer in await RefusedAsync(service, uncovered, 503, 503, "no published checkpoint yet"))
            Assert.Equal("1", answer.Header("Retry-After"));
        await service.JobProofAsync(empty);
        await service.WriteLogAsync();
        await service.JobProofAsync(uncovered);
    }

    [SkippableFact]
    public async Task Below_the_witnesses_quorum_there_are_no_proofs()
    {
        var isMet = false;
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Cosign = (_, note, _) => Task.FromResult(new CosignedNote(note, isMet, isMet ? null : "witness-1 is away")),
        });
        var job = await service.SubmitAsync(new { cId = "nobody" });
        await service.Services.RunSliceAsync("test");
        await service.Services.GetRequiredService<LogWriter>().RunOnceAsync(CancellationToken.None);
        await RefusedAsync(service, job, 503, 503, "no published checkpoint yet");
        isMet = true;
        await service.WriteLogAsync();
        await service.JobProofAsync(job);
    }

    [SkippableFact]
    public async Task An_unknown_job_and_a_conversation_that_is_not_in_the_job_are_404()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await SubmitAsync(service);
        await service.AddConversationsAsync("b", 1, "user-2");
        var other = await service.SubmitAsync(new { cId = "user-2" });
        await service.RunSlicesAsync();
        foreach (var unknown in new[] { "cdj-00000000-0000-5000-8000-000000000000", "x", job.ToUpperInvariant() })
            await RefusedAsync(service, unknown, 404, 404, "there is no such job");
        foreach (var conversation in new[] { "b-00001", "a-00009", "A-00001", "a-00001x" })
        {
            var answer = await Answer.OfAsync(await service.AskForProofOfAsync(job, conversation));
            answer.IsError(404, 404, "the job has no outcome for such a conversation");
            Assert.DoesNotContain(conversation, answer.Body, StringComparison.Ordinal);
        }

        Assert.True(JobId.TryParse(other, out var id));
        await service.ExecuteAsync("delete from ledger.job_secrets where job_id = $1", id.Value);
        (await Answer.OfAsync(await service.AskForProofOfAsync(other, "b-00001"))).IsError(404, 404, "destroyed with its key");
    }

    [SkippableFact]
    public async Task A_body_or_a_query_that_is_not_by_the_rules_is_refused()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await SubmitAsync(service);
        await service.RunSlicesAsync();
        var before = await service.RecordedAsync();
        (await Answer.OfAsync(await service.AskForProofAsync(job, "?ids=no"))).IsError(400, 400, "ids must be one of");
        (await Answer.OfAsync(await service.AskForProofAsync(job, "?conversationId=a-00001"))).IsError(
            400, 400, "query parameter 1 is unknown");
        (await PostAsync(service, job, """{"conversationId":"a-00001","more":1}""")).IsError(400, 400, "member 2 is unknown");
        (await PostAsync(service, job, """{"conversationId":""")).IsError(400, 400, "not valid JSON");
        (await PostAsync(service, job, """{"conversationId":"a-00001"}""", "text/plain")).IsError(415, 415);
        (await PostAsync(service, job, $$"""{"conversationId":"{{new string('x', 128 * 1024)}}"}""")).IsError(413, 413);
        Assert.Equal(before, await service.RecordedAsync());
        (await PostAsync(service, job, """{"conversationId":"a-00001"}""")).Is(200);
    }

    [SkippableFact]
    public async Task Proofs_are_limited_as_polls_of_the_job_are()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Http = new() { Submits = null, Polls = new RateLimit(3, 3) } });
        var job = await SubmitAsync(service);
        await service.RunSlicesAsync();
        await service.JobProofAsync(job);
        await service.ConversationProofAsync(job, "a-00001");
        await service.StatusAsync(job);
        foreach (var answer in await RefusedAsync(service, job, 429, 429, "too many requests"))
            Assert.NotNull(answer.Header("Retry-After"));
    }

    [SkippableFact]
    public async Task No_id_is_logged_or_repeated_by_whatever_becomes_of_the_request()
    {
        var log = new TestLog();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Log = log });
        var job = await SubmitAsync(service);
        await service.RunSlicesAsync();
        await service.JobProofAsync(job);
        await service.ConversationProofAsync(job, "a-00001");
        (await Answer.OfAsync(await service.AskForProofOfAsync(job, "secret-9"))).IsError(404, 404);
        (await PostAsync(service, job, """{"conversationId":"secret-9","secret-9":1}""")).IsError(400, 400);
        await service.ExecuteAsync(
            "alter table ledger.job_manifest disable trigger user; update ledger.job_manifest set sealed = 'damaged'");
        (await Answer.OfAsync(await service.AskForProofOfAsync(job, "secret-9"))).IsError(500, 500, "internal error");
        (await Answer.OfAsync(await service.AskForProofAsync(job))).IsError(500, 500, "internal error");

        var everything = string.Join('\n', log.All);
        Assert.Contains("internal error", everything, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-9", everything, StringComparison.Ordinal);
        Assert.DoesNotContain("a-0000", everything, StringComparison.Ordinal);
        Assert.DoesNotContain("user-1", everything, StringComparison.Ordinal);
    }

    private static async Task<string> SubmitAsync(TestService service, string? token = null)
    {
        await service.AddConversationsAsync("a", 3, "user-1");
        using var response = await service.SendAsync(HttpMethod.Post, service.Deletions, new { cId = "user-1" }, token);
        return (await Answer.OfAsync(response)).Is(202).Member("jobId");
    }

    /// <summary>Both calls are refused so, and record nothing.</summary>
    private static async Task<Answer[]> RefusedAsync(
        TestService service, string job, int status, int code, string message, string? token = null)
    {
        var before = await service.RecordedAsync();
        using var whole = await service.AskForProofAsync(job, token: token);
        using var one = await service.AskForProofOfAsync(job, "a-00001", token);
        Answer[] answers = [await Answer.OfAsync(whole), await Answer.OfAsync(one)];
        foreach (var answer in answers)
        {
            answer.IsError(status, code, message);
            Assert.DoesNotContain("a-00001", answer.Body, StringComparison.Ordinal);
        }
        Assert.Equal(before, await service.RecordedAsync());
        return answers;
    }

    private static async Task<Answer> PostAsync(TestService service, string job, string body, string type = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{service.Deletions}/{job}/proof")
        {
            Content = new StringContent(body, Encoding.UTF8, type),
        };
        request.Headers.Add("auth", service.Token());
        using var response = await service.Client.SendAsync(request);
        return await Answer.OfAsync(response);
    }
}
