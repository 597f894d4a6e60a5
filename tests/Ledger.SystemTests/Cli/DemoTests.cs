using Ledger.Cli;
using Ledger.SystemTests.Database;
using Npgsql;

namespace Ledger.SystemTests.Cli;

[Collection(nameof(FirstDemo))]
public sealed class DemoTests(FirstDemo first)
{
    [Fact]
    public async Task It_erases_made_up_conversations_and_then_those_of_a_file_in_the_same_folder()
    {
        Assert.True(first.ExitCode == 0, first.Output + first.Error);
        Assert.Equal("OK jobs=4 conversations=174 items=1632 proof=verified", first.Output.TrimEnd().Split('\n')[^1]);
        var folder = first.Folder;
        Assert.Null(folder.Pid());

        var file = Path.Combine(folder.Path, "made.jsonl");
        await using (var lines = File.Create(file))
            await new DemoConversations("0badcafe").Lines().CopyToAsync(lines);
        using var imported = LedgerProcess.Start("demo", "--once", "--data", folder.Path, "--input", file);
        Assert.True(await imported.ExitCodeAsync() == 0, imported.Output + imported.Error);
        Assert.Matches("^OK jobs=3 conversations=205 items=[0-9]+ proof=verified$", imported.Output.TrimEnd().Split('\n')[^1]);
    }

    [Fact]
    public async Task Of_an_input_that_is_too_small_it_says_so_and_nothing_else()
    {
        var file = Path.Combine(first.Folder.Path, "small.jsonl");
        using (var lines = new StreamReader(new DemoConversations("5ma11000").Lines()))
            await File.WriteAllTextAsync(file, await lines.ReadLineAsync() + "\n");
        using var small = LedgerProcess.Start("demo", "--once", "--data", first.Folder.Path, "--input", file);
        Assert.Equal(ExitCodes.Failed, await small.ExitCodeAsync());
        Assert.StartsWith("ledger: the input is too small", small.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("crit", small.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", small.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task It_erases_the_busiest_of_the_real_channel_users()
    {
        var file = RealConversations();
        Skip.If(file is null, "the real conversations are not beside this checkout (../shared/data/conversations.jsonl.gz)");
        await using var folder = await ScratchFolder.CreateAsync();
        using var demo = LedgerProcess.Start("demo", "--once", "--data", folder.Path, "--input", file!);
        Assert.True(await demo.ExitCodeAsync() == 0, demo.Output + demo.Error);
        Assert.Contains("Imported 17,193 conversations with 312,250 items for the bot.", demo.Output, StringComparison.Ordinal);
        Assert.Contains("Job 1: done, 1,090 of 1,090 deleted", demo.Output, StringComparison.Ordinal);
        Assert.Contains("Job 3: done, 100 of 100 deleted", demo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_stays_up_with_calls_to_paste_until_it_is_stopped()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        using var hostile = await HostileSurroundings.CreateAsync();
        using var demo = hostile.Start("demo", "--data", folder.Path);
        var token = await demo.LineAsync("  TOKEN=");
        await demo.LineAsync("Ctrl-C stops it.");
        var call = demo.Output.Split('\n').First(line => line.Contains("curl ", StringComparison.Ordinal));
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("auth", token);
        using var answer = await http.GetAsync(call.Split('\'')[1]);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        hostile.AssertIgnored(demo);
        demo.Terminate();
        Assert.Equal(0, await demo.ExitCodeAsync());
        Assert.Null(folder.Pid());
    }

    /// <summary>The verification can fail: each way of tampering with what the demo compares is found.</summary>
    [Theory]
    [InlineData("delete from conversations.items where conversation_key = (select min(conversation_key) from conversations.conversations where cid = 'stays')", "1 conversation(s) that no job should have touched are gone or changed")]
    [InlineData("insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at) values ('b', 'new', 'stays', 'rtm', '2026-01-01')", "1 conversation(s) are in the store that should not be")]
    [InlineData("delete from conversations.analytics where bot_id = 'b'", "3 analytics row(s) are gone")]
    [InlineData("update conversations.analytics set channel = 'x-c-00000001-x' where bot_id = 'b'", "1 text(s) in the analytics hold the id of a conversation or of a channel user")]
    [InlineData("insert into conversations.channel_users values ('b', 'goes', '2026-01-01')",
        "1 channel user(s) are kept without a conversation")]
    [InlineData("alter table conversations.analytics add note text", "1 column(s) of the analytics could hold a text")]
    [InlineData("delete from conversations.items; delete from conversations.conversations where bot_id = 'b-twin'", "1 conversation(s) of the second bot are gone or changed")]
    public async Task What_is_not_as_it_should_be_is_told(string tampering, string difference)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var connection = new NpgsqlConnection(database.Superuser);
        await connection.OpenAsync();
        await ExecuteAsync(connection,
            """
            insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at)
            values ('b', 'c-00000001', 'goes', 'rtm', '2026-01-01'), ('b', 'c-00000002', 'stays', 'rtm', '2026-01-01'), ('b', 'c-00000003', 'stays', 'rtm', '2026-01-01'),
                   ('b-twin', 'c-00000001', 'goes', 'rtm', '2026-01-01');
            insert into conversations.items (conversation_key, kind, position, created_on, body) select conversation_key, 0, 0, started_at, '{}' from conversations.conversations;
            insert into conversations.analytics (bot_id, started_at, channel, messages, items) select bot_id, started_at, channel, 1, 1 from conversations.conversations
            """);
        await using var store = await DemoStore.OpenAsync(database.Superuser, CancellationToken.None);
        await store.SnapshotAsync(DemoStore.Before, ["b", "b-twin"], CancellationToken.None);
        await store.ExpectByChannelUserAsync(1, "b", "goes", DateTime.UnixEpoch, new DateTime(2026, 2, 1, 0, 0, 0, DateTimeKind.Utc), CancellationToken.None);
        await store.NoteOutcomesAsync(1, "b", ["c-00000001"], CancellationToken.None);
        Assert.Equal(1, (await store.ExpectedAsync(1, CancellationToken.None)).Items.Messages);
        await ExecuteAsync(connection,
            "delete from conversations.items where conversation_key = (select conversation_key from conversations.conversations where bot_id = 'b' and cid = 'goes'); delete from conversations.conversations where bot_id = 'b' and cid = 'goes'");

        await ExecuteAsync(connection, tampering);
        await store.SnapshotAsync(DemoStore.After, ["b", "b-twin"], CancellationToken.None);
        Assert.Contains(difference, await store.DifferencesAsync(["b-twin"], CancellationToken.None));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string? RealConversations()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ledger.sln")))
                return Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "data", "conversations.jsonl.gz")) is var file && File.Exists(file) ? file : null;
        }
        return null;
    }
}
