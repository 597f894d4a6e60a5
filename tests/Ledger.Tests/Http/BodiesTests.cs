using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ledger.Api;
using Ledger.Contracts.Jobs;
using Ledger.Jobs;

namespace Ledger.Tests.Http;

/// <summary>The API's own bodies, byte for byte: members in their order, nothing between them, no escape that JSON does not need.</summary>
public sealed class BodiesTests
{
    private const string Job = "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c";

    private static readonly JobId s_job = new(new Guid(Job[JobId.Prefix.Length..]));
    private static readonly DateTimeOffset s_at = new(2026, 5, 8, 6, 22, 56, 97, TimeSpan.Zero);

    [Fact]
    public void The_answer_to_a_submission_has_the_order_of_the_published_sample() => Is(
        $$"""{"status":"queued","jobId":"{{Job}}","message":"Deletion job queued successfully. The bot owner will be notified by email on completion.","submittedAt":"2026-05-08T06:22:56.097Z"}""",
        new QueuedJob { JobId = s_job, SubmittedAt = s_at },
        ApiJson.Readable.QueuedJob);

    [Fact]
    public void A_page_of_jobs_holds_the_stored_documents_as_they_are()
    {
        var jobs = new ListedJob[] { new("st-1", "cs-1", """{"jobId": "é",  "a":1}"""), new("st-1", "cs-1", "{}") };
        Is("""{"jobs":[{"jobId": "é",  "a":1},{}],"next":"MjAy_-"}""", new JobPage(jobs, "MjAy_-"), ApiJson.Readable.JobPage);
        Is("""{"jobs":[],"next":null}""", new JobPage([], null), ApiJson.Readable.JobPage);
    }

    [Fact]
    public void A_page_of_outcomes_says_null_for_what_is_not_there()
    {
        var outcomes = new ConversationOutcome[] { new(0, "é+\"<'", "deleted", null), new(1, null, "skipped", "retention") };
        Is(
            $$"""{"jobId":"{{Job}}","outcomes":[{"ordinal":0,"conversationId":"é+\"<'","outcome":"deleted","reason":null},{"ordinal":1,"conversationId":null,"outcome":"skipped","reason":"retention"}],"next":1}""",
            new OutcomePage(s_job, outcomes, 1),
            ApiJson.Readable.OutcomePage);
        Is($$"""{"jobId":"{{Job}}","outcomes":[],"next":null}""", new OutcomePage(s_job, [], null), ApiJson.Readable.OutcomePage);
    }

    [Fact]
    public void An_event_has_its_data_as_it_is_stored_and_what_it_stands_for_if_that_is_known()
    {
        Is(
            """{"version":2,"type":"scheduled","at":"2026-05-08T06:22:56.097Z","data":{"b": 1, "a": "\u00e9"}}""",
            new ShownEvent(2, "scheduled", s_at, """{"b": 1, "a": "\u00e9"}""", null), ApiJson.Readable.ShownEvent);
        Is("""{"cId":"é"}""", new DisclosedIdentifiers { CId = "é" }, ApiJson.Readable.DisclosedIdentifiers);
        Is("""{"conversationIds":["a","b"]}""", new() { ConversationIds = ["a", "b"] }, ApiJson.Readable.DisclosedIdentifiers);
        Is(
            """{"version":1,"type":"x","at":"2026-05-08T06:22:56.097Z","data":{},"disclosed":{"conversationId":"a"}}""",
            new ShownEvent(1, "x", s_at, "{}", new DisclosedIdentifiers { ConversationId = "a" }), ApiJson.Readable.ShownEvent);
    }

    [Fact]
    public void Health_says_one_word_and_its_warnings()
    {
        Is("""{"status":"live"}""", new Live(), ApiJson.Default.Live);
        Is("""{"status":"ready","warnings":[]}""", new Ready { Warnings = [] }, ApiJson.Default.Ready);
        Is("""{"status":"ready","warnings":["a \u0022b\u0022"]}""", new Ready { Warnings = ["a \"b\""] }, ApiJson.Default.Ready);
    }

    private static void Is<T>(string expected, T body, JsonTypeInfo<T> type) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(body, type)));
}
