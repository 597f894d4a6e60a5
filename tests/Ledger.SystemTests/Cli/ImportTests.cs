using System.Text;
using System.Text.Json;
using Ledger.Database;
using Ledger.Import;
using Ledger.Keys;

namespace Ledger.SystemTests.Cli;

public sealed class ImportTests
{
    [Fact]
    public async Task Every_kind_of_item_is_stored_with_one_analytics_row_a_conversation()
    {
        await using var cli = await WithBotAsync();
        var file = await cli.FileAsync(
            """{"botId":"st-1","conversationId":"c-1","cId":"u-1","channel":"rtm","startedAt":"2026-05-04T08:00:00.5559Z","messages":[{"text":"a"},{"text":"b"}],"transcripts":[{}],"recordings":[{},{},{}],"attachments":[{}],"logs":[{}]}""",
            gzip: true
        );
        Assert.Equal("imported 1 conversations with 8 items; 0 were there already (1 lines)", (await cli.DoAsync("import", file)).Trim());
        Assert.Equal(
            "0 2,1 1,2 3,3 1,4 1",
            await cli.ScalarAsync<string>(
                "select string_agg(kind || ' ' || n, ',' order by kind) from (select kind, count(*) n from conversations.items group by "
                + "kind) k"
            )
        );
        Assert.Equal(
            "st-1 2026-05-04 08:00:00.555+00 rtm 2 8",
            await cli.ScalarAsync<string>(
                "select concat_ws(' ', bot_id, started_at at time zone 'UTC' || '+00', channel, messages, items) from "
                + "conversations.analytics"
            )
        );
        Assert.Equal(
            """{"text": "b"}""",
            await cli.ScalarAsync<string>("select body::text from conversations.items where kind = 0 and position = 1")
        );
    }

    [Fact]
    public async Task The_same_line_twice_is_not_two_conversations_in_a_batch_across_batches_and_across_runs()
    {
        await using var cli = await WithBotAsync();
        var lines = Enumerable.Range(0, 1500).Select(n => Line(n)).ToArray();
        // Twice at once, and the first ones again far behind.
        var file = await cli.FileAsync(string.Join('\n', [lines[0], .. lines, .. lines.Take(10)]));
        Assert.Equal(
            "imported 1,500 conversations with 1,500 items; 11 were there already (1,511 lines)",
            (await cli.DoAsync("import", file)).Trim());
        Assert.Equal(
            "imported 0 conversations with 0 items; 1,511 were there already (1,511 lines)", (await cli.DoAsync("import", file)).Trim());
        Assert.Equal(
            "1500 1500 1500",
            await cli.ScalarAsync<string>(
                "select concat_ws(' ', (select count(*) from conversations.conversations), (select count(*) from conversations.items), "
                + "(select count(*) from conversations.analytics))"
            )
        );
    }

    [Fact]
    public async Task Two_imports_of_one_file_at_once_import_each_conversation_once()
    {
        await using var cli = await WithBotAsync();
        var lines = Enumerable.Range(0, 1500).Select(n => Line(n)).ToArray();
        var (forwards, backwards) = (
            await cli.FileAsync(string.Join('\n', lines)), await cli.FileAsync(string.Join('\n', lines.Reverse())));
        await Task.WhenAll(Task.Run(() => cli.DoAsync("import", forwards)), Task.Run(() => cli.DoAsync("import", backwards)));
        Assert.Equal(
            "1500 1500 1500",
            await cli.ScalarAsync<string>(
                "select concat_ws(' ', (select count(*) from conversations.conversations), (select count(*) from conversations.items), "
                + "(select count(*) from conversations.analytics))"
            )
        );
    }

    [Fact]
    public async Task A_channel_user_was_created_when_its_earliest_conversation_started()
    {
        await using var cli = await WithBotAsync();
        await cli.DoAsync("import", await cli.FileAsync($"{Line(5, "2026-05-04T08:00:00Z")}\n{Line(6, "2026-05-03T08:00:00Z")}"));
        await cli.DoAsync("import", await cli.FileAsync($"{Line(7, "2026-05-05T08:00:00Z")}\n"));
        Assert.Equal(
            "2026-05-03",
            await cli.ScalarAsync<string>(
                "select string_agg((created_at at time zone 'UTC')::date::text, ',') from conversations.channel_users")
        );
        await cli.DoAsync("import", await cli.FileAsync(Line(8, "2026-05-01T08:00:00Z")));
        Assert.Equal(
            "2026-05-01",
            await cli.ScalarAsync<string>(
                "select string_agg((created_at at time zone 'UTC')::date::text, ',') from conversations.channel_users")
        );
    }

    [Fact]
    public async Task A_bad_line_or_one_older_than_its_bot_refuses_the_whole_file_by_its_number_and_a_missing_file_is_told()
    {
        await using var cli = await WithBotAsync();
        var lines = Enumerable.Range(0, 1200).Select(n => Line(n)).ToList();
        lines.Insert(1100, """{"botId":"st-1","conversationId":"my-secret-id"}""");
        var error = await cli.RefusedAsync(1, "import", await cli.FileAsync(string.Join('\n', lines)));
        Assert.Equal("ledger: line 1101: startedAt is missing. Nothing was imported: mend this and run the import again", error);
        lines[1100] = Line(0).Replace("st-1", "st-2", StringComparison.Ordinal);
        error = await cli.RefusedAsync(1, "import", await cli.FileAsync(string.Join('\n', lines)));
        Assert.Contains("line 1101: its bot is unknown: register it first with `ledger bot add", error, StringComparison.Ordinal);
        Assert.Equal("ledger: there is no file /nowhere/at.all", await cli.RefusedAsync(1, "import", "/nowhere/at.all"));
        var older = await cli.FileAsync(Line(0, "2019-12-31T23:59:59.999Z"));
        Assert.Contains(
            "line 1: the conversation started before its bot was created", await cli.RefusedAsync(1, "import", older),
            StringComparison.Ordinal);
        Assert.Equal(0, await cli.ScalarAsync<long>("select count(*) from conversations.conversations"));
        await cli.DoAsync("bot", "set", "st-1", "--created", "2019-12-31");
        await cli.DoAsync("import", older);
    }

    [Fact]
    public async Task A_known_conversation_is_there_already_only_with_the_same_content()
    {
        await using var cli = await WithBotAsync();
        const string Known =
            """{"botId":"st-1","conversationId":"c-1","cId":"u-1","channel":"rtm","startedAt":"2026-05-04T08:00:00Z", """
            + """ "messages":[{"text":"a","n":1.50,"o":{"x":1,"y":[true,null]}}],"logs":[{"entry":"b"}]}""";
        await cli.DoAsync("import", await cli.FileAsync(Known));
        await using var database = ServiceDatabase.Source(cli.Service);
        var import = new ConversationImport(database, TestStore.One, KeyFolder.Open(cli.Keys));
        foreach (var (part, equal) in new[]
        {
            ("\"text\":\"a\"", "\"text\" : \"\\u0061\""), ("1.50", "15e-1"), ("08:00:00Z", "10:00:00.0009+02:00"),
            ("{\"x\":1,\"y\":[true,null]}", "{\"y\":[true,null],\"x\":1}"), (",\"logs\"", ",\"recordings\":[],\"logs\""),
        })
        {
            await using var same = Source($"{Known.Replace(part, equal, StringComparison.Ordinal)}\n{Known}");
            var check = await import.CheckAsync(same, asBot: null, progress: null, CancellationToken.None);
            var stored = await import.StoreAsync(check, again: null, progress: null, CancellationToken.None);
            Assert.Equal((0, 0, 2, 2), (stored.Totals.Imported, stored.Totals.Items, stored.Totals.AlreadyThere, stored.Totals.Lines));
        }
        foreach (var (part, other) in new[]
        {
            ("\"u-1\"", "\"u-2\""), ("\"rtm\"", "\"web\""), ("08:00:00Z", "08:00:00.001Z"), ("\"a\"", "\"A\""), ("1.50", "1.51"),
            ("null]", "null,null]"), ("}],\"logs\"", "},{\"text\":\"c\"}],\"logs\""), ("[{\"entry\":\"b\"}]", "[]"),
            ("\"logs\"", "\"transcripts\""), ("\"x\":1", "\"x\":\"1\""), ("\"x\":1,", ""),
        })
        {
            var changed = Known.Replace(part, other, StringComparison.Ordinal);
            Assert.NotEqual(Known, changed);
            var fresh = Known.Replace("c-1", "c-2", StringComparison.Ordinal);
            var known = await RefusedAsync(import, $"{fresh}\n\n{changed}");
            Assert.StartsWith("line 3: the store holds this conversation already, with other content", known, StringComparison.Ordinal);
            var changedFresh = changed.Replace("c-1", "c-2", StringComparison.Ordinal);
            var twice = await RefusedAsync(import, $"{fresh}\n\n{changedFresh}");
            Assert.StartsWith("line 3: line 1 has the same conversation, with other content", twice, StringComparison.Ordinal);
        }
        // As the command tells it.
        var again = await cli.DoAsync("import", await cli.FileAsync(Known));
        Assert.Equal("imported 0 conversations with 0 items; 1 were there already (1 lines)", again.Trim());
        var told = await cli.RefusedAsync(1, "import", await cli.FileAsync(Known.Replace("\"rtm\"", "\"web\"", StringComparison.Ordinal)));
        Assert.StartsWith("ledger: line 1: the store holds this conversation already, with other content", told, StringComparison.Ordinal);
        Assert.Equal((1, 2), (
            await cli.ScalarAsync<long>("select count(*) from conversations.conversations"),
            await cli.ScalarAsync<long>("select count(*) from conversations.items")));
    }

    [Fact]
    public async Task A_database_that_fails_under_way_is_told_with_how_many_lines_are_in()
    {
        await using var cli = await WithBotAsync();
        var file = await cli.FileAsync(string.Join('\n', Enumerable.Range(0, 1_600).Select(n => Line(n))));
        const string Rest = ". The first 1000 lines are in, and are not imported twice: run the import again";
        foreach (var (act, told) in new[]
        {
            ("raise 'could not extend file: No space left on device' using errcode = '53100'",
                "the disk of the database is full: make room on it"),
            ("raise 'could not write' using errcode = '58030'", "the database gave up (could not write)"),
            ("perform pg_terminate_backend(pg_backend_pid())",
                "the database gave up (terminating connection due to administrator command)"),
        })
        {
            await cli.ExecuteAsync(
                $$"""
                create or replace function public.fail() returns trigger language plpgsql security definer as $$ begin
                    if new.conversation_id = 'c-01500' then {{act}}; end if; return new; end $$;
                create or replace trigger fail before insert on conversations.conversations for each row execute function public.fail();
                truncate conversations.conversations, conversations.items, conversations.channel_users, conversations.analytics
                """);
            Assert.Equal($"ledger: {told}{Rest}", await cli.RefusedAsync(1, "import", file));
            Assert.Equal(1_000, await cli.ScalarAsync<long>("select count(*) from conversations.conversations"));
        }
        await cli.ExecuteAsync("drop trigger fail on conversations.conversations");
        Assert.Contains(
            "imported 600 conversations with 600 items; 1,000 were there already", await cli.DoAsync("import", file),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_would_log_parameters_is_warned_of()
    {
        await using var cli = await WithBotAsync();
        var file = await cli.FileAsync(Line(0));
        await cli.ExecuteAsync(
            $"alter database {cli.Database.Name} set log_statement = 'all'; alter database {cli.Database.Name} set "
            + $"log_parameter_max_length = -1; alter database {cli.Database.Name} set log_parameter_max_length_on_error = 0; alter "
            + $"database {cli.Database.Name} set log_error_verbosity = terse"
        );
        Assert.Contains("logs statements with their parameters", (await cli.TryAsync("import", file)).Error, StringComparison.Ordinal);
        await cli.ExecuteAsync($"alter database {cli.Database.Name} set log_parameter_max_length = 0");
        Assert.Equal("", (await cli.TryAsync("import", file)).Error);
    }

    private static ImportSource Source(string lines) => ImportSource.Of(new MemoryStream(Encoding.UTF8.GetBytes(lines)));

    private static async Task<string> RefusedAsync(ConversationImport import, string lines)
    {
        await using var source = Source(lines);
        var refused = await Assert.ThrowsAsync<ImportException>(
            () => import.CheckAsync(source, asBot: null, progress: null, CancellationToken.None));
        return refused.Message;
    }

    private static string Line(int n, string startedAt = "2026-05-04T08:00:00Z") => JsonSerializer.Serialize(new
    {
        botId = "st-1",
        conversationId = $"c-{n:D5}",
        cId = $"u-{n % 7 * (startedAt.Length > 20 ? 1 : 0)}",
        channel = "rtm",
        startedAt,
        messages = new[] { new { text = "hello" } },
    });

    private static async Task<CliDatabase> WithBotAsync()
    {
        var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("bot", "add", "st-1", "--created", "2020-01-01");
        return cli;
    }
}
