using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Ledger.Contracts.Registry;

namespace Ledger.SystemTests.Http;

/// <summary>Contract §1 over real HTTP. What a body may be is told sentence by sentence in the parser's tests.</summary>
public sealed partial class SubmitTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    private const string ById = """{"conversationIds":["69eb0c87ec444445976aaaaa","69eb0b5c7cd98618e06aaaaa"]}""";
    private const string ByUser = """{"cId":"u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa","startDate":"2026-05-04T00:00:00.000Z","endDate":"2026-05-04T23:59:59.999Z"}""";

    [SkippableTheory]
    [InlineData(ById, "conversationIds")]
    [InlineData(ByUser, "cId")]
    public async Task A_submission_is_answered_as_published_and_found_at_its_location(string body, string requestType)
    {
        var service = await shared.Service;
        var answer = (await service.SubmitAsync(body)).Is(202);
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Equal(["status", "jobId", "message", "submittedAt"], answer.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal("queued", answer.Member("status"));
        Assert.Matches(JobIdForm(), answer.Member("jobId"));
        Assert.Equal("Deletion job queued successfully. The bot owner will be notified by email on completion.", answer.Member("message"));
        Assert.Matches(InstantForm(), answer.Member("submittedAt"));
        Assert.Equal($"{service.Deletions}/{answer.Member("jobId")}", answer.Header("Location"));

        var status = (await service.GetAsync(answer.Header("Location")!)).Is(200);
        Assert.Equal(answer.Member("jobId"), status.Member("jobId"));
        Assert.Equal(answer.Member("submittedAt"), status.Member("submittedAt"));
        Assert.Equal(requestType, status.Member("requestType"));
    }

    [SkippableTheory]
    [InlineData("", "the body is empty")]
    [InlineData("{", "not valid JSON")]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("{}", "conversationIds or cId is required")]
    [InlineData("""{"cId":"u","conversationIds":["c"]}""", "exclude each other")]
    [InlineData("""{"conversationIds":[]}""", "conversationIds is empty")]
    [InlineData("""{"conversationIds":["a","b\u0000"]}""", "conversationIds[1]")]
    [InlineData("""{"cId":"u","enddate":"2026-05-01"}""", "endDate in another letter case")]
    [InlineData("""{"cId":"u","cId":"u"}""", "cId is there more than once")]
    [InlineData("""{"cId":"u","dryRun":true}""", "member 2 is unknown")]
    [InlineData("""{"cId":"\ud800"}""", "cId must be")]
    [InlineData("""{"cId":"u","startDate":"04.05.2026"}""", "startDate must be a date")]
    [InlineData("""{"cId":"u","endDate":"2026-05-04T00:00:00"}""", "endDate must be a date")]
    [InlineData("""{"cId":"u","startDate":"2026-05-02","endDate":"2026-05-01"}""", "startDate must not be after endDate")]
    [InlineData("""{"cId":"u","endDate":"9999-12-31"}""", "endDate must not be in the future")]
    public async Task A_broken_rule_is_named_and_nothing_is_recorded(string body, string message)
    {
        var service = await shared.Service;
        await service.RefusedAsync(service.Request(HttpMethod.Post, service.Deletions, body), 400, 400, message);
    }

    [SkippableTheory]
    [InlineData("?dryRun=true", "query parameter 1 is unknown (dryRun)")]
    [InlineData("?dryRun", "query parameter 1 is unknown (dryRun)")]
    [InlineData("?cId=u", "query parameter 1 is unknown (cId)")]
    [InlineData("?=true", "query parameter 1 has no name")]
    [InlineData("?u-1=x", "query parameter 1 is unknown")]
    [InlineData("?%00=x", "query parameter 1 is unknown")]
    [InlineData("?dry%52un=true&&", "query parameter 1 is unknown (dryRun)")]
    public async Task A_query_parameter_is_refused_and_nothing_is_deleted(string query, string message)
    {
        var service = await shared.Service;
        await service.RefusedAsync(service.Request(HttpMethod.Post, service.Deletions + query, ById), 400, 400, message);
    }

    [SkippableFact]
    public async Task Of_many_query_parameters_ten_are_named_and_a_bare_question_mark_is_none()
    {
        var service = await shared.Service;
        const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        var many = string.Join('&', Enumerable.Range(0, 900).Select(n => $"{Letters[n / 26]}{Letters[n % 26]}=1"));
        var request = service.Request(HttpMethod.Post, $"{service.Deletions}?{many}", ById);
        var answer = await service.RefusedAsync(request, 400, 400, "and 890 more: mend these first");
        Assert.Equal(11, answer.Json.GetProperty("errors").GetArrayLength());
        Assert.InRange(answer.Body.Length, 1, 4096);
        (await service.SendAsync(service.Request(HttpMethod.Post, service.Deletions + "?", ById))).Is(202);
    }

    [SkippableFact]
    public async Task More_than_a_hundred_ids_are_refused_duplicates_or_not()
    {
        var service = await shared.Service;
        var ids = $$"""{"conversationIds":[{{string.Join(',', Enumerable.Repeat("\"same\"", 101))}}]}""";
        await service.RefusedAsync(service.Request(HttpMethod.Post, service.Deletions, ids), 400, 400, "101 items");
    }

    [SkippableFact]
    public async Task Every_problem_gets_an_entry()
    {
        var service = await shared.Service;
        var answer = await service.RefusedAsync(service.Request(HttpMethod.Post, service.Deletions, """{"cId":1,"startDate":2,"endDate":3,"x":4}"""), 400, 400);
        Assert.Equal(4, answer.Json.GetProperty("errors").GetArrayLength());
    }

    [SkippableTheory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=iso-8859-1")]
    public async Task What_is_not_announced_as_json_is_415(string? contentType)
    {
        var service = await shared.Service;
        var request = service.Request(HttpMethod.Post, service.Deletions);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(ById));
        if (contentType is not null)
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        await service.RefusedAsync(request, 415, 415);
    }

    [SkippableTheory]
    [InlineData("application/json")]
    [InlineData("application/json;charset=UTF-8")]
    [InlineData("Application/Json; Charset=\"utf-8\"")]
    public async Task Json_may_name_its_charset(string contentType)
    {
        var service = await shared.Service;
        var request = service.Request(HttpMethod.Post, service.Deletions);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(ById));
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        (await service.SendAsync(request)).Is(202);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_128_KiB_is_413_and_one_of_128_KiB_is_read(bool chunked)
    {
        var service = await shared.Service;
        foreach (var (size, status) in new[] { (128 * 1024, 202), (128 * 1024 + 1, 413), (1024 * 1024, 413) })
        {
            var request = service.Request(HttpMethod.Post, service.Deletions, ById + new string(' ', size - ById.Length));
            request.Headers.TransferEncodingChunked = chunked;
            if (status == 202)
                (await service.SendAsync(request)).Is(202);
            else
                await service.RefusedAsync(request, 413, 413);
        }
    }

    [SkippableFact]
    public async Task Checks_come_in_their_order()
    {
        var service = await shared.Service;
        HttpRequestMessage Wrong(string? token)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, service.Deletions) { Content = new StringContent(new string('x', 200_000), Encoding.UTF8, "text/plain") };
            request.Headers.Add("Idempotency-Key", "a b");
            if (token is not null)
                request.Headers.Add("auth", token);
            return request;
        }

        await service.RefusedAsync(Wrong(null), 401, 4002, "Invalid SDK credentials");
        await service.RefusedAsync(Wrong(service.Token(Scope.LogsHistory)), 403, 4002, "Permission denied. Scope is incorrect!");
        await service.RefusedAsync(Wrong(service.Token(Scope.DeleteConversations)), 400, 400, "Idempotency-Key");
        var keyless = Wrong(service.Token(Scope.DeleteConversations));
        keyless.Headers.Remove("Idempotency-Key");
        await service.RefusedAsync(keyless, 415, 415);
        await service.RefusedAsync(service.Request(HttpMethod.Post, service.Deletions, new string('x', 200_000)), 413, 413);
    }

    [SkippableFact]
    public async Task A_repeated_request_under_a_key_is_the_same_job_and_records_nothing()
    {
        var service = await shared.Service;
        var first = (await service.SubmitAsync("""{"conversationIds":["k1","k2"],"startDate":5}""", "key-1")).Is(202);
        var recorded = await service.RecordedAsync();
        var again = (await service.SubmitAsync("""{ "startDate": 5, "conversationIds": ["k2","k1","k2"] }""", "key-1")).Is(202);
        Assert.Equal(first.Body, again.Body);
        Assert.Equal(first.Header("Location"), again.Header("Location"));
        Assert.Equal(recorded, await service.RecordedAsync());
    }

    [SkippableFact]
    public async Task A_key_used_for_another_request_is_422()
    {
        var service = await shared.Service;
        (await service.SubmitAsync("""{"conversationIds":["k1"]}""", "key-2")).Is(202);
        var before = await service.RecordedAsync();
        (await service.SubmitAsync("""{"conversationIds":["k1","k2"]}""", "key-2")).IsError(422, 422, "Idempotency-Key");
        (await service.SubmitAsync("""{"conversationIds":["k1"],"startDate":"2026-05-01"}""", "key-2")).IsError(422, 422, "Idempotency-Key");
        (await service.SubmitAsync("""{"cId":"k1"}""", "key-2")).IsError(422, 422, "Idempotency-Key");
        Assert.Equal(before, await service.RecordedAsync());
    }

    [SkippableFact]
    public async Task Keys_are_per_bot_and_without_one_every_request_is_a_new_job()
    {
        var service = await shared.Service;
        var answers = new[]
        {
            await service.SubmitAsync(ById, "key-3"),
            await service.SubmitAsync(ById, "key-3", ApiService.OtherBot),
            await service.SubmitAsync(ById),
            await service.SubmitAsync(ById),
        };
        Assert.Equal(4, answers.Select(answer => answer.Is(202).Member("jobId")).Distinct().Count());
    }

    [SkippableTheory]
    [InlineData("a b")]
    [InlineData("")]
    public async Task A_key_is_visible_ascii(string key)
    {
        var service = await shared.Service;
        var request = service.Request(HttpMethod.Post, service.Deletions, ById);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        await service.RefusedAsync(request, 400, 400, "Idempotency-Key");
    }

    [GeneratedRegex("^cdj-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
    private static partial Regex JobIdForm();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    private static partial Regex InstantForm();
}
