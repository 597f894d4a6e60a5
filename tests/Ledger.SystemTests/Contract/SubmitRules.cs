using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Import;
using Ledger.Registry;
using Ledger.SystemTests.Forgetting;
using Ledger.SystemTests.Keys;
using Npgsql;

namespace Ledger.SystemTests.Contract;

/// <summary>Contract §1. Every form that a body can have is told in the parser's tests.</summary>
public sealed partial class SubmitRules(ContractHost host) : ContractTest(host)
{
    private const string ById = """{"conversationIds":["69eb0c87ec444445976aaaaa","69eb0b5c7cd98618e06aaaaa"]}""";
    private const string ByUser = """
        {"cId":"u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa","startDate":"2026-05-04T00:00:00.000Z","endDate":"2026-05-04T23:59:59.999Z"}
        """;

    [SkippableTheory]
    [InlineData(ById, "conversationIds")]
    [InlineData(ByUser, "cId")]
    public async Task A_submission_is_answered_202_as_published_and_found_at_its_location(string body, string requestType)
    {
        var answer = await SubmitAsync(body);
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Equal(["status", "jobId", "message", "submittedAt"], answer.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal("queued", answer.Member("status"));
        Assert.Equal("Deletion job queued successfully. The bot owner will be notified by email on completion.", answer.Member("message"));
        Assert.Equal($"{Deletions}/{answer.Member("jobId")}", answer.Header("Location"));

        var status = await GetAsync(answer.Header("Location")!);
        Assert.Equal(answer.Member("jobId"), status.Member("jobId"));
        Assert.Equal(answer.Member("submittedAt"), status.Member("submittedAt"));
        Assert.Equal(requestType, status.Member("requestType"));
    }

    [SkippableFact]
    public async Task A_job_id_is_cdj_and_a_version_5_uuid_and_an_instant_is_utc_in_milliseconds()
    {
        foreach (var key in new[] { null, "key-form" })
        {
            var answer = await SubmitAsync(ById, key);
            Assert.Matches(JobIdForm(), answer.Member("jobId"));
            Assert.Matches(InstantForm(), answer.Member("submittedAt"));
            Assert.Matches(InstantForm(), (await GetAsync(answer.Header("Location")!)).Member("scheduledAt"));
        }
    }

    [SkippableFact]
    public async Task The_body_is_json_whatever_charset_parameter_names_utf_8()
    {
        foreach (var type in new[]
        {
            "application/json", "application/json;charset=UTF-8", "Application/Json; Charset=\"utf-8\"", "application/json; charset=utf8",
        })
            await AnswerAsync(202, s => s.Target("POST", Deletions).Sending(ById, type));
    }

    [SkippableFact]
    public async Task Conversation_ids_are_1_to_100_counted_before_duplicates_are_dropped()
    {
        await SubmitAsync("""{"conversationIds":["one"]}""");
        var job = await JobAsync(Ids(Enumerable.Repeat("same", 99).Append("other")));
        await RefusedSubmitAsync(Ids(Enumerable.Repeat("same", 101)), "101 items");
        await Node.RunSlicesAsync();
        Assert.Equal("2", (await GetAsync(job)).Json.GetProperty("result").GetProperty("totalConversations").ToString());
    }

    [SkippableFact]
    public async Task With_conversation_ids_dates_are_not_even_parsed()
    {
        await SubmitAsync("""{"conversationIds":["c"],"startDate":"nonsense","endDate":17}""");
        await SubmitAsync("""{"startDate":"2999-01-01","conversationIds":["c"],"endDate":{"a":[1]}}""");
    }

    [SkippableFact]
    public async Task Dates_of_a_channel_user_are_days_or_instants_in_order_and_not_in_the_future()
    {
        foreach (var dates in new[]
        {
            ""","startDate":"2026-05-04" """, ""","endDate":"2026-05-04T02:00:00+02:00" """,
            ""","startDate":"2026-05-04","endDate":"2026-05-04" """, "",
        })
            await SubmitAsync($$"""{"cId":"u"{{dates}}}""");
        foreach (var (dates, message) in new[]
        {
            (""" "startDate":"04.05.2026" """, "startDate must be a date"),
            (""" "endDate":"2026-05-04T00:00:00" """, "endDate must be a date"),
            (""" "startDate":"2026-05-02","endDate":"2026-05-01" """, "startDate must not be after endDate"),
            (""" "endDate":"9999-12-31" """, "endDate must not be in the future"),
        })
            await RefusedSubmitAsync($$"""{"cId":"u",{{dates}}}""", message);
    }

    private const string Rule = "must be a non-blank string of at most 128 characters, without control characters";

    private static readonly string s_longest = string.Concat(Enumerable.Repeat("😀", 128));

    /// <summary>As JSON.</summary>
    private static readonly string[] s_ids = ["\"x\"", "\"a b\"", "\"../%2F\"", "\"会話\"", $"\"{s_longest}\""];

    /// <summary>As JSON.</summary>
    private static readonly string[] s_noIds =
        ["\"\"", "\" \\u00a0 \"", $"\"{s_longest}x\"", "\"a\\u0000b\"", "\"a\\nb\"", "\"a\\u0085b\"", "\"\\ud800\"", "7", "[\"x\"]"];

    /// <summary>As JSON: they look like other ids.</summary>
    private static readonly string[] s_unclear = ["\" x\"", "\"x\\u00a0\"", "\"\\ufeffx\"", "\"x\\ufeffy\""];

    [SkippableFact]
    public async Task An_id_is_a_non_blank_string_of_at_most_128_code_points_without_control_characters()
    {
        foreach (var id in s_ids)
        {
            await SubmitAsync($$"""{"conversationIds":[{{id}}]}""");
            await SubmitAsync($$"""{"cId":{{id}}}""");
        }
        foreach (var id in s_noIds)
        {
            await RefusedSubmitAsync($$"""{"conversationIds":["a",{{id}}]}""", $"conversationIds[1] {Rule}");
            await RefusedSubmitAsync($$"""{"cId":{{id}}}""", $"cId {Rule}");
        }
    }

    [SkippableFact]
    public async Task An_id_has_no_byte_order_mark_and_no_white_space_at_its_ends()
    {
        foreach (var id in s_unclear)
        {
            await RefusedSubmitAsync($$"""{"conversationIds":["a",{{id}}]}""", $"conversationIds[1] {Rule}");
            await RefusedSubmitAsync($$"""{"cId":{{id}}}""", $"cId {Rule}");
        }
    }

    [Fact]
    public void An_import_holds_its_ids_to_the_same_rule()
    {
        foreach (var line in new[]
        {
            """{"botId":"st-1","conversationId":<ID>,"cId":"u","channel":"rtm","startedAt":"2026-05-04T08:00:00Z","messages":[]}""",
            """{"botId":"st-1","conversationId":"c","cId":<ID>,"channel":"rtm","startedAt":"2026-05-04T08:00:00Z","messages":[]}""",
        })
        {
            void Parse(string id) => ImportLine.Parse(Encoding.UTF8.GetBytes(line.Replace("<ID>", id, StringComparison.Ordinal)));
            Assert.All(s_ids, Parse);
            Assert.All([.. s_noIds, .. s_unclear], id => Assert.Throws<FormatException>(() => Parse(id)));
        }
    }

    [SkippableFact]
    public async Task A_bot_id_is_opaque_has_at_most_128_characters_and_is_neither_a_dot_nor_two()
    {
        var unique = Bot;
        foreach (var bot in new[] { $"{unique}/a b c%2F", $"{unique}-юзер 😀", unique.PadRight(128, 'b') })
        {
            await Node.AddBotAsync(bot);
            var answer = await SubmitAsync(ById, bot: bot);
            Assert.Equal($"{DeletionsOf(bot)}/{answer.Member("jobId")}", answer.Header("Location"));
            Assert.Equal(answer.Member("jobId"), (await GetAsync(answer.Header("Location")!)).Member("jobId"));
        }
        await RefusedAsync(401, 4002, "Invalid SDK credentials", s => s.Target("POST", DeletionsOf(new string('b', 129))).Sending(ById));
        foreach (var (bot, why) in new[] { (".", "cannot be"), ("..", "cannot be"), (new string('b', 129), "1 to 128 characters") })
        {
            var add = new AddBot(bot, null, TestService.BotCreatedAt, null, "test", "test", null);
            Assert.Contains(why, (await Node.Registry.ExecuteAsync(bot, add, CancellationToken.None))!.Message, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task Both_cId_and_conversationIds_or_neither_are_refused()
    {
        await RefusedSubmitAsync("""{"cId":"u","conversationIds":["c"]}""", "conversationIds and cId exclude each other");
        foreach (var neither in new[] { "{}", """{"cId":null}""", """{"startDate":"2026-05-01"}""" })
            await RefusedSubmitAsync(neither, "conversationIds or cId is required");
    }

    [SkippableFact]
    public Task Any_other_member_is_refused() => RefusedSubmitAsync("""{"cId":"u","dryRun":true}""", "member 2 is unknown");

    [SkippableFact]
    public async Task A_known_member_in_another_letter_case_is_refused_and_named()
    {
        await RefusedSubmitAsync("""{"cId":"u","enddate":"2026-05-01"}""", "member 2 is endDate in another letter case: write endDate");
        await RefusedSubmitAsync("""{"CID":"u","cId":"u"}""", "member 1 is cId in another letter case: write cId");
    }

    [SkippableFact]
    public async Task A_duplicate_member_is_refused_and_named()
    {
        await RefusedSubmitAsync("""{"cId":"u","cId":"u"}""", "cId is there more than once");
        await RefusedSubmitAsync("""{"cId":"u","startDate":null,"startDate":"2026-05-01"}""", "startDate is there more than once");
    }

    [SkippableFact]
    public async Task An_unknown_query_parameter_is_refused_and_nothing_is_deleted()
    {
        foreach (var (query, message) in new[]
        {
            ("?dryRun=true", "query parameter 1 is unknown (dryRun)"), ("?dryRun", "query parameter 1 is unknown (dryRun)"),
            ("?cId=u", "query parameter 1 is unknown (cId)"), ("?=true", "query parameter 1 has no name"),
            ("?u-1=x", "query parameter 1 is unknown"), ("?%00=x", "query parameter 1 is unknown"),
            ("?dry%52un=true&&", "query parameter 1 is unknown (dryRun)"),
        })
            await RefusedSubmitAsync(ById, message, query);
        await AnswerAsync(202, s => s.Target("POST", Deletions + "?").Sending(ById));
    }

    [SkippableFact]
    public async Task Of_many_query_parameters_ten_are_named()
    {
        const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        var many = string.Join('&', Enumerable.Range(0, 900).Select(n => $"{Letters[n / 26]}{Letters[n % 26]}=1"));
        var answer = await RefusedSubmitAsync(ById, "and 890 more: mend these first", $"?{many}");
        Assert.Equal(11, answer.Json.GetProperty("errors").GetArrayLength());
        Assert.InRange(answer.Body.Length, 1, 4096);
    }

    [SkippableFact]
    public Task An_empty_list_is_refused() => RefusedSubmitAsync("""{"conversationIds":[]}""", "conversationIds is empty");

    [SkippableFact]
    public async Task Null_means_absent()
    {
        await SubmitAsync("""{"conversationIds":["c"],"cId":null,"startDate":null}""");
        await SubmitAsync("""{"cId":"u","conversationIds":null,"startDate":null,"endDate":null}""");
    }

    [SkippableFact]
    public async Task Errors_name_the_members_one_entry_a_problem()
    {
        var answer = await RefusedSubmitAsync("""{"cId":1,"startDate":2,"endDate":3,"x":4}""", "");
        var messages = answer.Json.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("msg").GetString()!).ToList();
        Assert.Equal(4, messages.Count);
        Assert.All(
            ["cId", "startDate", "endDate", "member 4"],
            name => Assert.Single(messages, message => message.StartsWith(name, StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Checks_come_in_their_order()
    {
        void Wrong(Alba.Scenario s, string? token, string? key) =>
            s.Target("POST", Deletions).Sending(new string('x', 200_000), "text/plain").With("Idempotency-Key", key).As(token);

        await RefusedAsync(401, 4002, "Invalid SDK credentials", s => Wrong(s, null, "a b"));
        var logs = await TokenAsync(Scope.LogsHistory);
        await RefusedAsync(403, 4002, "Permission denied. Scope is incorrect!", s => Wrong(s, logs, "a b"));
        await RefusedAsync(400, 400, "Idempotency-Key", s => Wrong(s, Node.Token(), "a b"));
        await RefusedAsync(415, 415, "", s => Wrong(s, Node.Token(), null));
        await RefusedAsync(413, 413, "", s => s.Target("POST", Deletions).Sending(new string('x', 200_000)));
    }

    [SkippableFact]
    public async Task An_idempotency_key_is_optional_and_1_to_255_visible_ascii_characters()
    {
        foreach (var key in new[] { "!", new string('~', 255) })
            await SubmitAsync(ById, key);
        foreach (var key in new[] { "", "a b", " a", "é", "a\tb", new string('~', 256) })
        {
            const string message = "Idempotency-Key must be there at most once and be 1 to 255 visible ASCII characters";
            await RefusedAsync(400, 400, message, s => s.Target("POST", Deletions).Sending(ById).With("Idempotency-Key", key));
        }
        await RefusedAsync(400, 400, "Idempotency-Key must be there at most once", s =>
        {
            s.Target("POST", Deletions).Sending(ById);
            s.ConfigureHttpContext(context => context.Request.Headers["Idempotency-Key"] = new[] { "a", "a" });
        });
    }

    [SkippableFact]
    public async Task Keys_are_per_bot_and_without_one_every_request_is_a_new_job()
    {
        var other = await Node.AddBotAsync();
        var answers = new[]
        {
            await SubmitAsync(ById, "key"), await SubmitAsync(ById, "key", bot: other), await SubmitAsync(ById), await SubmitAsync(ById),
        };
        Assert.Equal(4, answers.Select(answer => answer.Member("jobId")).Distinct().Count());
    }

    [SkippableFact]
    public async Task A_repeated_request_under_a_key_is_the_same_job_and_records_nothing_also_when_the_job_has_ended()
    {
        var first = await SubmitAsync("""{"conversationIds":["k1","k2"],"startDate":5}""", "key");
        async Task RepeatAsync()
        {
            var recorded = await Node.RecordedAsync();
            var again = await SubmitAsync("""{ "startDate": 5, "conversationIds": ["k2","k1","k2"] }""", "key");
            Assert.Equal(first.Body, again.Body);
            Assert.Equal(first.Header("Location"), again.Header("Location"));
            Assert.Equal(recorded, await Node.RecordedAsync());
        }

        await RepeatAsync();
        await Node.RunSlicesAsync();
        Assert.Equal("completed", (await GetAsync(first.Header("Location")!)).Member("status"));
        await Node.Clock.AdvanceAsync(TimeSpan.FromDays(400));
        await RepeatAsync();
    }

    [SkippableFact]
    public async Task A_key_used_for_another_request_is_422()
    {
        await SubmitAsync("""{"conversationIds":["k1"]}""", "key");
        foreach (var other in new[]
        {
            """{"conversationIds":["k1","k2"]}""", """{"conversationIds":["k1"],"startDate":"2026-05-01"}""", """{"cId":"k1"}""",
        })
            await RefusedAsync(422, 422, "Idempotency-Key", s => s.Target("POST", Deletions).Sending(other).With("Idempotency-Key", "key"));
    }

    [SkippableFact]
    public async Task A_key_whose_job_was_forgotten_is_409_which_says_so()
    {
        var job = (await SubmitAsync(ById, "key")).Member("jobId");
        await Node.RunSlicesAsync();
        await Node.ForgetAsync(job);
        foreach (var body in new[] { ById, ByUser })
            await RefusedAsync(409, 409, "was forgotten", s => s.Target("POST", Deletions).Sending(body).With("Idempotency-Key", "key"));
    }

    [SkippableFact]
    public async Task A_job_id_is_derived_from_bot_and_key_under_a_secret_and_the_key_is_kept_nowhere()
    {
        var key = $"order-{RandomNumberGenerator.GetHexString(32)}";
        var job = (await SubmitAsync(ById, key)).Member("jobId");
        Assert.Equal($"{JobId.FromIdempotencyKey(Node.Keys.JobIdSecret, Bot, key)}", job);
        Assert.NotEqual($"{JobId.FromIdempotencyKey(new byte[32], Bot, key)}", job);
        await using var connection = new NpgsqlConnection(Node.Database.Superuser);
        await connection.OpenAsync();
        var kept = await Residue.OfDatabaseAsync(connection);
        Assert.Contains(kept, place => place.Text.Contains(job["cdj-".Length..], StringComparison.Ordinal));
        Assert.All(kept, place => Assert.DoesNotContain(key, place.Text, StringComparison.Ordinal));
    }

    private static string Ids(IEnumerable<string> ids) => $$"""{"conversationIds":{{JsonSerializer.Serialize(ids)}}}""";

    [GeneratedRegex("^cdj-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
    private static partial Regex JobIdForm();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    private static partial Regex InstantForm();
}
