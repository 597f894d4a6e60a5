using System.Text.Json;

namespace Ledger.SystemTests.Cli;

public sealed class ImportTests
{
    [Fact]
    public async Task Every_kind_of_item_is_stored_with_one_analytics_row_a_conversation()
    {
        await using var cli = await WithBotAsync();
        var file = await cli.FileAsync(
            """{"botId":"st-1","conversationId":"c-1","cId":"u-1","channel":"rtm","startedAt":"2026-05-04T08:00:00.5559Z","messages":[{"text":"a"},{"text":"b"}],"transcripts":[{}],"recordings":[{},{},{}],"attachments":[{}],"logs":[{}]}""", gzip: true);
        Assert.Equal("imported 1 conversations with 8 items; 0 were there already (1 lines)", (await cli.DoAsync("import", file)).Trim());
        Assert.Equal("0 2,1 1,2 3,3 1,4 1", await cli.ScalarAsync<string>(
            "select string_agg(kind || ' ' || n, ',' order by kind) from (select kind, count(*) n from conversations.items group by kind) k"));
        Assert.Equal("st-1 2026-05-04 08:00:00.555+00 rtm 2 8", await cli.ScalarAsync<string>(
            "select concat_ws(' ', bot_id, started_at at time zone 'UTC' || '+00', channel, messages, items) from conversations.analytics"));
        Assert.Equal("""{"text": "b"}""", await cli.ScalarAsync<string>("select body::text from conversations.items where kind = 0 and position = 1"));
    }

    [Fact]
    public async Task The_same_line_twice_is_not_two_conversations_in_a_batch_across_batches_and_across_runs()
    {
        await using var cli = await WithBotAsync();
        var lines = Enumerable.Range(0, 1500).Select(n => Line(n)).ToArray();
        // Twice at once, and the first ones again far behind.
        var file = await cli.FileAsync(string.Join('\n', [lines[0], .. lines, .. lines.Take(10)]));
        Assert.Equal("imported 1,500 conversations with 1,500 items; 11 were there already (1,511 lines)", (await cli.DoAsync("import", file)).Trim());
        Assert.Equal("imported 0 conversations with 0 items; 1,511 were there already (1,511 lines)", (await cli.DoAsync("import", file)).Trim());
        Assert.Equal("1500 1500 1500", await cli.ScalarAsync<string>(
            "select concat_ws(' ', (select count(*) from conversations.conversations), (select count(*) from conversations.items), (select count(*) from conversations.analytics))"));
    }

    [Fact]
    public async Task Two_imports_of_one_file_at_once_import_each_conversation_once()
    {
        await using var cli = await WithBotAsync();
        var lines = Enumerable.Range(0, 3000).Select(n => Line(n)).ToArray();
        var (forwards, backwards) = (await cli.FileAsync(string.Join('\n', lines)), await cli.FileAsync(string.Join('\n', lines.Reverse())));
        await Task.WhenAll(Task.Run(() => cli.DoAsync("import", forwards)), Task.Run(() => cli.DoAsync("import", backwards)));
        Assert.Equal("3000 3000 3000", await cli.ScalarAsync<string>(
            "select concat_ws(' ', (select count(*) from conversations.conversations), (select count(*) from conversations.items), (select count(*) from conversations.analytics))"));
    }

    [Fact]
    public async Task A_channel_user_was_created_when_its_earliest_conversation_started()
    {
        await using var cli = await WithBotAsync();
        await cli.DoAsync("import", await cli.FileAsync($"{Line(5, "2026-05-04T08:00:00Z")}\n{Line(6, "2026-05-03T08:00:00Z")}"));
        await cli.DoAsync("import", await cli.FileAsync($"{Line(7, "2026-05-05T08:00:00Z")}\n"));
        Assert.Equal("2026-05-03", await cli.ScalarAsync<string>("select string_agg((created_at at time zone 'UTC')::date::text, ',') from conversations.channel_users"));
        await cli.DoAsync("import", await cli.FileAsync(Line(8, "2026-05-01T08:00:00Z")));
        Assert.Equal("2026-05-01", await cli.ScalarAsync<string>("select string_agg((created_at at time zone 'UTC')::date::text, ',') from conversations.channel_users"));
    }

    [Fact]
    public async Task A_bad_line_stops_the_import_by_its_number_and_what_was_committed_stays()
    {
        await using var cli = await WithBotAsync();
        var lines = Enumerable.Range(0, 1200).Select(n => Line(n)).ToList();
        lines.Insert(1100, """{"botId":"st-1","conversationId":"my-secret-id"}""");
        var error = await cli.RefusedAsync(1, "import", await cli.FileAsync(string.Join('\n', lines)));
        Assert.Equal("ledger: line 1101: startedAt is missing. The first 1000 lines are in; mend this and run the import again: what is in is not imported twice", error);
        Assert.Equal(1000, await cli.ScalarAsync<long>("select count(*) from conversations.conversations"));
        lines.RemoveAt(1100);
        Assert.Equal("imported 200 conversations with 200 items; 1,000 were there already (1,200 lines)", (await cli.DoAsync("import", await cli.FileAsync(string.Join('\n', lines)))).Trim());
    }

    [Fact]
    public async Task An_unknown_bot_stops_the_import_before_anything_of_its_batch_is_stored()
    {
        await using var cli = await WithBotAsync();
        var error = await cli.RefusedAsync(1, "import", await cli.FileAsync($"{Line(0)}\n{Line(1).Replace("st-1", "st-2", StringComparison.Ordinal)}"));
        Assert.Contains("line 2: its bot is unknown: register it first with `ledger bot add", error, StringComparison.Ordinal);
        Assert.Equal(0, await cli.ScalarAsync<long>("select count(*) from conversations.conversations"));
    }

    [Fact]
    public async Task A_conversation_older_than_its_bot_stops_the_import_until_the_bot_is_set_right()
    {
        await using var cli = await WithBotAsync();
        var file = await cli.FileAsync(Line(0, "2019-12-31T23:59:59.999Z"));
        Assert.Contains("line 1: the conversation started before its bot was created", await cli.RefusedAsync(1, "import", file), StringComparison.Ordinal);
        await cli.DoAsync("bot", "set", "st-1", "--created", "2019-12-31");
        await cli.DoAsync("import", file);
    }

    [Fact]
    public async Task A_value_that_only_the_server_cannot_store_stops_the_import_without_being_quoted()
    {
        await using var cli = await WithBotAsync();
        var error = await cli.RefusedAsync(1, "import", await cli.FileAsync($"{Line(0)}\n{Line(1).Replace("\"hello\"", "1e999999", StringComparison.Ordinal)}"));
        Assert.Contains("lines 1 to 2: one of them holds a value that PostgreSQL cannot store (SQLSTATE 22003)", error, StringComparison.Ordinal);
        Assert.DoesNotContain("999999", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_told()
    {
        await using var cli = await WithBotAsync();
        Assert.Equal("ledger: there is no file /nowhere/at.all", await cli.RefusedAsync(1, "import", "/nowhere/at.all"));
    }

    [Fact]
    public async Task A_server_that_would_log_parameters_is_warned_of()
    {
        await using var cli = await WithBotAsync();
        var file = await cli.FileAsync(Line(0));
        await cli.ExecuteAsync($"alter database {cli.Database.Name} set log_statement = 'all'; alter database {cli.Database.Name} set log_parameter_max_length = -1; alter database {cli.Database.Name} set log_parameter_max_length_on_error = 0; alter database {cli.Database.Name} set log_error_verbosity = terse");
        Assert.Contains("logs statements with their parameters", (await cli.TryAsync("import", file)).Error, StringComparison.Ordinal);
        await cli.ExecuteAsync($"alter database {cli.Database.Name} set log_parameter_max_length = 0");
        Assert.Equal("", (await cli.TryAsync("import", file)).Error);
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
