using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.Forgetting;
using Ledger.Notifications;
using Ledger.Notifications.Mail;
using Ledger.Notifications.Webhooks;
using Ledger.SystemTests.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Contract;

/// <summary>Legal holds: contract §6.</summary>
public sealed class HoldRules(ContractHost host) : ContractTest(host)
{
    private const string ByUser = """{"cId":"user-1","reason":"court order 7"}""";

    private string Holds => $"/api/public/bot/{Bot}/legal-holds";

    [SkippableFact]
    public async Task A_hold_on_ids_or_on_a_channel_user_is_answered_201_and_found_at_its_location()
    {
        var answer = await PlaceAsync("""{"conversationIds":["b","a","b"],"reason":"court order 7","until":"2099-01-31T23:00:00+01:00"}""");
        Assert.Matches(HoldId.Pattern, answer.Member("holdId"));
        Assert.Equal($"{Holds}/{answer.Member("holdId")}", answer.Header("Location"));
        Assert.Equal(
            ("live", "conversationIds", "court order 7", TestService.ClientId, "2099-01-31T22:00:00.000Z"),
            (answer.Member("status"), answer.Member("requestType"), answer.Member("reason"), answer.Member("placedBy"),
                answer.Member("until")));
        Assert.Equal(["a", "b"], answer.Json.GetProperty("conversationIds").EnumerateArray().Select(id => id.GetString()));
        Assert.Equal(answer.Body, (await GetAsync(answer.Header("Location")!)).Body);

        var user = await PlaceAsync(ByUser);
        Assert.Equal(("cId", "user-1", ""), (user.Member("requestType"), user.Member("cId"), user.Json.GetProperty("until").ToString()));
    }

    [SkippableFact]
    public async Task A_body_has_one_kind_of_ids_a_reason_and_perhaps_an_end_and_nothing_else()
    {
        foreach (var (body, message) in new[]
        {
            ("""{"reason":"r"}""", "conversationIds or cId is required"),
            ("""{"cId":"u","conversationIds":["a"],"reason":"r"}""", "exclude each other"),
            ("""{"cId":"u"}""", "reason is required"),
            ("""{"cId":"u","reason":" "}""", "reason must be a text of 1 to 500 characters"),
            ($$"""{"cId":"u","reason":"{{new string('r', 501)}}"}""", "reason must be a text of 1 to 500 characters"),
            ("""{"cId":" u","reason":"r"}""", "cId must be a non-blank string"),
            ("""{"conversationIds":[],"reason":"r"}""", "conversationIds is empty"),
            ("""{"conversationIds":"a","reason":"r"}""", "conversationIds must be a list"),
            ("""{"cId":"u","reason":"r","until":"2020-01-01T00:00:00Z"}""", "until must be an instant in the future"),
            ("""{"cId":"u","reason":"r","until":"2099-01-01"}""", "until must be an instant in the future"),
            ("""{"cId":"u","reason":"r","startDate":"2020-01-01"}""", "member 3 is unknown"),
            ("""{"cId":"u","Reason":"r"}""", "member 2 is reason in another letter case"),
            ("""{"cId":"u","reason":"r","reason":"s"}""", "reason is there more than once"),
            ("""["u"]""", "the body must be a JSON object"),
            ("""{"cId":"u",""", "the body is not valid JSON"),
        })
            await RefusedAsync(400, 400, message, s => s.Target("POST", Holds).Sending(body));
    }

    [SkippableFact]
    public async Task Held_conversations_are_skipped_with_legal_hold_in_jobs_already_started_too()
    {
        await Node.AddConversationsAsync("a", 6, "user-1", bot: Bot);
        await Node.AddConversationsAsync("b", 2, "user-2", bot: Bot);
        var job = await JobAsync(
            """{"conversationIds":["a-00001","a-00002","a-00003","a-00004","a-00005","a-00006","b-00001","b-00002"]}""");
        await Node.WriteLogAsync();
        await Node.Services.RunSliceAsync("test"); // the list is resolved
        var byUser = await PlaceAsync("""{"cId":"user-2","reason":"r"}""");
        await PlaceAsync("""{"conversationIds":["a-00002","a-00006"],"reason":"r"}""");
        await Node.RunSlicesAsync();
        var result = (await GetAsync(job)).Json.GetProperty("result");
        Assert.Equal(4, result.GetProperty("deletedCount").GetInt32());
        Assert.Equal(4, result.GetProperty("skipped").GetProperty("legal_hold").GetInt32());

        // What comes later to a held channel user is held too, and in another job.
        await Node.AddConversationsAsync("c", 1, "user-2", bot: Bot);
        var later = await JobAsync("""{"cId":"user-2"}""");
        await Node.RunSlicesAsync();
        Assert.Equal(3, (await GetAsync(later)).Json.GetProperty("result").GetProperty("skipped").GetProperty("legal_hold").GetInt32());
        Assert.Equal(5, await Node.CountConversationsAsync(Bot));
        var jobs = (await GetAsync(byUser.Header("Location")!)).Json.GetProperty("skippedIn").EnumerateArray();
        Assert.Equal([2, 3], jobs.Select(one => one.GetProperty("conversations").GetInt32()).Order());
    }

    [SkippableFact]
    public async Task The_answer_names_what_was_already_deleted()
    {
        await Node.AddConversationsAsync("a", 3, "user-1", bot: Bot);
        var byIds = (await SubmitAsync("""{"conversationIds":["a-00001"]}""")).Member("jobId");
        await Node.RunSlicesAsync();
        var byUser = (await SubmitAsync("""{"cId":"user-1"}""")).Member("jobId");
        await Node.RunSlicesAsync();
        var ids = await PlaceAsync("""{"conversationIds":["a-00001","a-00003","never"],"reason":"r"}""");
        Assert.Equal(
            new[] { $"{byIds} a-00001 1", $"{byUser} a-00003 1" }.Order(), Deleted(ids).Order());
        Assert.Equal([$"{byUser}  2"], Deleted(await PlaceAsync(ByUser)));
    }

    [SkippableFact]
    public async Task Lifting_answers_the_jobs_that_skipped_because_of_it_and_a_later_job_erases()
    {
        await Node.AddConversationsAsync("a", 2, "user-1", bot: Bot);
        var hold = (await PlaceAsync(ByUser)).Header("Location")!;
        var job = (await SubmitAsync("""{"cId":"user-1"}""")).Member("jobId");
        await Node.RunSlicesAsync();
        await RefusedAsync(400, 400, "the body must be empty", s => s.Target("DELETE", hold).Sending("{}"));
        var lifted = await AnswerAsync(200, s => s.Target("DELETE", hold));
        Assert.Equal(("lifted", TestService.ClientId), (lifted.Member("status"), lifted.Member("endedBy")));
        var skipped = Assert.Single(lifted.Json.GetProperty("skippedIn").EnumerateArray());
        Assert.Equal($"{job} 2", $"{skipped.GetProperty("jobId")} {skipped.GetProperty("conversations")}");

        // Its ids are gone, and what it skipped is named for ever.
        var shown = await GetAsync(hold);
        Assert.Equal(lifted.Body, shown.Body);
        Assert.Equal(JsonValueKind.Null, shown.Json.GetProperty("cId").ValueKind);
        await RefusedAsync(409, 409, "the legal hold has ended already: it was lifted", s => s.Target("DELETE", hold));

        await SubmitAsync("""{"cId":"user-1"}""");
        await Node.RunSlicesAsync();
        Assert.Equal(0, await Node.CountConversationsAsync(Bot));
    }

    [SkippableFact]
    public async Task A_hold_with_an_end_is_live_until_its_end_is_recorded()
    {
        await Node.AddConversationsAsync("a", 1, "user-1", bot: Bot);
        var until = Contracts.Instant.Text(Node.Clock.GetUtcNow().AddMinutes(5));
        var hold = (await PlaceAsync($$"""{"cId":"user-1","reason":"r","until":"{{until}}"}""")).Header("Location")!;
        await Node.Clock.AdvanceAsync(TimeSpan.FromMinutes(6));
        var job = await JobAsync("""{"cId":"user-1"}""");
        await Node.RunSlicesAsync();
        Assert.Equal(1, (await GetAsync(job)).Json.GetProperty("result").GetProperty("skipped").GetProperty("legal_hold").GetInt32());
        await Node.Services.GetRequiredService<HoldExpiry>().RunOnceAsync(CancellationToken.None);
        var expired = await GetAsync(hold);
        Assert.Equal(
            ("expired", "ledger", "1"), (expired.Member("status"), expired.Member("endedBy"), expired.Member("skippedJobs")));
        await JobAsync("""{"cId":"user-1"}""");
        await Node.RunSlicesAsync();
        Assert.Equal(0, await Node.CountConversationsAsync(Bot));
    }

    [SkippableFact]
    public async Task A_list_is_newest_first_by_cursor_and_names_no_ids()
    {
        var first = (await PlaceAsync(ByUser)).Member("holdId");
        await Node.Clock.AdvanceAsync(TimeSpan.FromMilliseconds(5));
        var second = (await PlaceAsync(ByUser)).Member("holdId");
        await AnswerAsync(200, s => s.Target("DELETE", $"{Holds}/{first}"));
        var page = await GetAsync($"{Holds}?limit=1");
        Assert.DoesNotContain("user-1", page.Body, StringComparison.Ordinal);
        Assert.Equal([second], Ids(page));
        Assert.Equal(second, page.Member("next"));
        var rest = await GetAsync($"{Holds}?limit=1&after={second}");
        Assert.Equal([first], Ids(rest));
        Assert.Equal(JsonValueKind.Null, rest.Json.GetProperty("next").ValueKind);
        Assert.Equal([second], Ids(await GetAsync($"{Holds}?status=live")));
        Assert.Equal([first], Ids(await GetAsync($"{Holds}?status=lifted")));
        await RefusedAsync(400, 400, "after must be the next", s => s.Target("GET", $"{Holds}?after=lh-1"));
        await RefusedAsync(400, 400, "status must be one of", s => s.Target("GET", $"{Holds}?status=held"));
    }

    [SkippableFact]
    public async Task That_a_client_reads_the_ids_of_a_hold_is_recorded_once()
    {
        var placed = await PlaceAsync(ByUser);
        Assert.True(HoldId.TryParse(placed.Member("holdId"), out var hold));
        var token = await TokenAsync(Scope.LegalHolds);
        foreach (var _ in new[] { 1, 2 })
            Assert.Equal("user-1", (await GetAsync(placed.Header("Location")!, token)).Member("cId"));
        Assert.Equal(1, await Node.ScalarAsync<long>(
            "select count(*) from ledger.mt_events where stream_id = $1 and type = 'legal_hold_disclosed'", hold.Value));
    }

    [SkippableFact]
    public async Task The_scope_is_Legal_Holds_and_another_bots_hold_is_unknown()
    {
        var hold = (await PlaceAsync(ByUser)).Member("holdId");
        var token = await TokenAsync(Scope.DeleteConversations, Scope.LedgerAudit, Scope.LogsHistory, Scope.ErasureProofs);
        await RefusedAsync(403, 4002, "Scope is incorrect", s => s.Target("POST", Holds).Sending(ByUser).As(token));
        await RefusedAsync(403, 4002, "Scope is incorrect", s => s.Target("GET", Holds).As(token));
        await RefusedAsync(403, 4002, "Scope is incorrect", s => s.Target("GET", $"{Holds}/{hold}").As(token));
        await RefusedAsync(403, 4002, "Scope is incorrect", s => s.Target("DELETE", $"{Holds}/{hold}").As(token));
        var other = $"/api/public/bot/{await Node.AddBotAsync()}/legal-holds";
        foreach (var method in new[] { "GET", "DELETE" })
        {
            await RefusedAsync(404, 404, "there is no such legal hold", s => s.Target(method, $"{other}/{hold}"));
            await RefusedAsync(404, 404, "there is no such legal hold", s => s.Target(method, $"{Holds}/lh-1"));
        }
    }

    [SkippableFact]
    public async Task The_same_key_and_request_are_the_same_hold()
    {
        Task<Answer> KeyedAsync(int status, string body) =>
            AnswerAsync(status, s => s.Target("POST", Holds).Sending(body).With("Idempotency-Key", "k-1"));
        var hold = await KeyedAsync(201, """{"conversationIds":["a","b"],"reason":"r"}""");
        Assert.Equal(hold.Body, (await KeyedAsync(201, """{"reason":"r","conversationIds":["b","a","a"]}""")).Body);
        await KeyedAsync(422, """{"conversationIds":["a","b"],"reason":"another"}""");
        await AnswerAsync(200, s => s.Target("DELETE", hold.Header("Location")!));
        await KeyedAsync(409, """{"conversationIds":["a","b"],"reason":"r"}""");
    }

    [SkippableFact]
    public async Task A_hold_that_waits_for_a_batch_for_too_long_is_503_and_not_recorded()
    {
        await using var batch = await BatchLock.ShareAsync(Node, Bot);
        var answer = await RefusedAsync(503, 503, "a deletion of the bot is running", s => s.Target("POST", Holds).Sending(ByUser));
        Assert.NotNull(answer.Header("Retry-After"));
    }

    [SkippableFact]
    public async Task At_its_end_mail_and_webhook_name_the_jobs_that_skipped_because_of_it()
    {
        await Node.AddConversationsAsync("a", 2, "user-1", bot: Bot);
        var hold = (await PlaceAsync(ByUser)).Member("holdId");
        var job = (await SubmitAsync("""{"cId":"user-1"}""")).Member("jobId");
        await Node.RunSlicesAsync();
        await AnswerAsync(200, s => s.Target("DELETE", $"{Holds}/{hold}"));
        var listed = await Node.Services.GetRequiredService<DeliveryReader>().ListAsync([Bot], false, 10, null, CancellationToken.None);
        var about = Assert.Single(listed.Entries, entry => entry.Hold is not null);
        Assert.Equal((hold, NotificationKind.Mail, "owner@example.com"), (about.About, about.Kind, about.Recipient));
        var notification = (await Node.Services.GetRequiredService<Deliveries>().FindAsync(about.Id, CancellationToken.None))!.Notification;
        var report = HoldReport.Of(Bot, notification.Hold!);
        Assert.StartsWith("Legal hold lifted: 1 job owes erasure again", report.Subject, StringComparison.Ordinal);
        Assert.Contains((job, "2 conversations"), report.Tables[^1].Rows);
        var posted = JsonDocument.Parse(WebhookSender.Body(notification, publicUrl: null)).RootElement;
        Assert.Equal("legal_hold.lifted", posted.GetProperty("type").GetString());
        Assert.Equal(job, posted.GetProperty("data").GetProperty("skippedIn")[0].GetProperty("jobId").GetString());
        Assert.DoesNotContain("user-1", CompletionMail.Text(report) + CompletionMail.Html(report) + posted, StringComparison.Ordinal);
    }

    private Task<Answer> PlaceAsync(string body) => AnswerAsync(201, s => s.Target("POST", Holds).Sending(body));

    private static IEnumerable<string> Deleted(Answer answer) => answer.Json.GetProperty("alreadyDeleted").EnumerateArray().Select(
        one => $"{one.GetProperty("jobId")} {one.GetProperty("conversationId")} {one.GetProperty("deletedCount")}");

    private static string[] Ids(Answer page) =>
        [.. page.Json.GetProperty("holds").EnumerateArray().Select(one => one.GetProperty("holdId").GetString()!)];
}
