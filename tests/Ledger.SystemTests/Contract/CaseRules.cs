using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.SystemTests.Forgetting;
using Ledger.SystemTests.Http;
using Ledger.SystemTests.Keys;
using Npgsql;

namespace Ledger.SystemTests.Contract;

/// <summary>Contract §1 and §6: the case behind a job. Every form that its members can have is told in the parser's tests.</summary>
public sealed class CaseRules(ContractHost host) : ContractTest(host)
{
    private const string Reference = "DSAR-reference-4711";
    private const string Body =
        $$$"""{"cId":"nobody","case":{"reference":"{{{Reference}}}","receivedOn":"2026-05-02","basis":"gdpr_17_1_b"}}""";

    private const string Extension = """{"dueOn":"2026-08-02","reason":"many requests"}""";

    [SkippableFact]
    public async Task A_case_has_its_rules_and_what_breaks_one_is_named_and_recorded_nothing()
    {
        await RefusedSubmitAsync("""{"cId":"u","case":{}}""", "case is empty");
        await RefusedSubmitAsync("""{"cId":"u","case":{"basis":"gdpr"}}""", "case.basis must be one of gdpr_17_1_a");
        await RefusedSubmitAsync("""{"cId":"u","case":{"receivedOn":"9999-01-01"}}""", "case.receivedOn must not be after today");
        await RefusedSubmitAsync(
            """{"cId":"u","case":{"receivedOn":"2026-05-02","dueOn":"2026-05-01"}}""", "case.dueOn must not be before case.receivedOn");
    }

    [SkippableFact]
    public async Task It_is_recorded_as_an_event_of_its_own_with_a_commitment_and_the_reference_is_sealed_and_nowhere_else()
    {
        var job = await JobAsync(Body);
        Assert.Equal("submitted case_recorded scheduled", await TypesAsync(job));
        var told = JsonElement.Parse(await DataAsync(job, 2));
        Assert.Equal(
            ["basis", "dueOn", "receivedOn", "referenceCommitment"],
            told.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal("2026-06-02", told.GetProperty("dueOn").GetString());
        Assert.Equal(32, told.GetProperty("referenceCommitment").GetBytesFromBase64().Length);

        await using var connection = new NpgsqlConnection(Node.Database.Superuser);
        await connection.OpenAsync();
        Assert.All(
            await Residue.OfDatabaseAsync(connection),
            place => Assert.DoesNotContain(Reference, place.Text, StringComparison.Ordinal));
        Assert.Equal("submitted scheduled", await TypesAsync(await JobAsync("""{"cId":"nobody"}""")));
    }

    [SkippableFact]
    public async Task It_is_part_of_the_request_under_an_idempotency_key()
    {
        var first = await SubmitAsync(Body, "key");
        Assert.Equal(first.Body, (await SubmitAsync(Body, "key")).Body);
        foreach (var other in new[] { """{"cId":"nobody"}""", Body.Replace("gdpr_17_1_b", "ccpa", StringComparison.Ordinal) })
            await SubmitAsync(other, "key", status: 422);
    }

    [SkippableFact]
    public async Task The_status_shows_it_to_the_submitting_client_and_to_no_other_with_another_validator()
    {
        var job = await JobAsync(Body);
        var own = await GetAsync(job);
        Assert.Equal(
            $$"""{"reference":"{{Reference}}","receivedOn":"2026-05-02","basis":"gdpr_17_1_b","dueOn":"2026-06-02"}""",
            own.Json.GetProperty("case").GetRawText());
        var token = await TokenAsync(Scope.DeleteConversations, Scope.LedgerAudit);
        var others = await GetAsync(job, token);
        Assert.False(others.Json.TryGetProperty("case", out _));
        Assert.NotEqual(own.Response.Headers.ETag, others.Response.Headers.ETag);
        foreach (var answer in new[] { own, others })
            Assert.Equal("auth, Authorization", answer.Header("Vary"));
        await AnswerAsync(304, s => s.Target("GET", job).With("If-None-Match", own.Header("ETag")));
        await AnswerAsync(200, s => s.Target("GET", job).As(token).With("If-None-Match", own.Header("ETag")));
        Assert.DoesNotContain("case", (await GetAsync(Deletions)).Body, StringComparison.Ordinal);
        Assert.False((await GetAsync(await JobAsync("""{"cId":"nobody"}"""))).Json.TryGetProperty("case", out _));
    }

    [SkippableFact]
    public async Task The_reference_dies_with_the_jobs_key()
    {
        var submitted = await SubmitAsync(Body);
        await Node.RunSlicesAsync();
        await Node.ForgetAsync(submitted.Member("jobId"));
        var told = (await GetAsync(submitted.Header("Location")!)).Json.GetProperty("case");
        Assert.Equal(JsonValueKind.Null, told.GetProperty("reference").ValueKind);
        Assert.Equal("2026-06-02", told.GetProperty("dueOn").GetString());
    }

    [SkippableFact]
    public async Task A_patch_extends_the_deadline_and_the_same_again_records_nothing()
    {
        var job = await JobAsync(Body);
        var answer = await PatchAsync(job, Extension, 200);
        Assert.Equal("2026-08-02", answer.Json.GetProperty("case").GetProperty("dueOn").GetString());
        Assert.Equal((await GetAsync(job)).Response.Headers.ETag, answer.Response.Headers.ETag);
        var recorded = await Node.RecordedAsync();
        Assert.Equal(answer.Body, (await PatchAsync(job, Extension, 200)).Body);
        Assert.Equal(recorded, await Node.RecordedAsync());
        Assert.Equal(
            JsonElement.Parse($$"""{"client":"{{TestService.ClientId}}","dueOn":"2026-08-02","reason":"many requests"}""").ToString(),
            JsonSerializer.Serialize(JsonSerializer.Deserialize<SortedDictionary<string, string>>(await DataAsync(job, 4))));
        await Node.RunSlicesAsync();
        Assert.Equal("completed", (await GetAsync(job)).Member("status"));
    }

    [SkippableFact]
    public async Task A_patch_of_what_cannot_be_extended_is_refused()
    {
        var job = await JobAsync(Body);
        var token = await TokenAsync(Scope.DeleteConversations);
        await RefusedAsync(400, 400, "dueOn must be later than 2026-06-02", s => s.Target("PATCH", job)
            .Sending("""{"dueOn":"2026-06-02","reason":"r"}"""));
        await RefusedAsync(400, 400, "reason is required", s => s.Target("PATCH", job).Sending("""{"dueOn":"2026-08-02"}"""));
        await RefusedAsync(403, 4002, "Permission denied", s => s.Target("PATCH", job).As(token).Sending(Extension));
        await RefusedAsync(415, 415, "application/json", s => s.Target("PATCH", job).Sending(Extension, "text/plain"));
        await RefusedAsync(404, 404, "no such job", s => s.Target("PATCH", $"{Deletions}/cdj-00000000-0000-5000-8000-000000000000")
            .Sending(Extension));
        var without = await JobAsync("""{"cId":"nobody"}""");
        await RefusedAsync(409, 409, "without a case", s => s.Target("PATCH", without).Sending(Extension));
        await Node.RunSlicesAsync();
        await RefusedAsync(409, 409, "the job has ended", s => s.Target("PATCH", job).Sending(Extension));
    }

    private Task<Answer> PatchAsync(string job, string body, int status) =>
        AnswerAsync(status, s => s.Target("PATCH", job).Sending(body));

    private static Guid IdOf(string job) => Guid.Parse(job.Split("/cdj-")[1]);

    private Task<string> TypesAsync(string job) => Node.ScalarAsync<string>(
        "select string_agg(type, ' ' order by version) from ledger.mt_events where stream_id = $1", IdOf(job));

    private Task<string> DataAsync(string job, int version) =>
        Node.ScalarAsync<string>($"select data::text from ledger.mt_events where stream_id = $1 and version = {version}", IdOf(job));
}
